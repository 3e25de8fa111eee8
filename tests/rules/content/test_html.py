"""HTML for mail, for previews, and as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_campaigns.content.html import for_frame, inline_styles, sanitise, to_text

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href=" java\nscript:alert(1)">x</a>',
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    "<iframe src=https://evil.example></iframe>",
    "<form action=https://evil.example><input name=password></form>",
    "<object data=x></object><embed src=x>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href=https://evil.example>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<style>@import 'https://evil.example/x.css';</style>",
    "<math><mtext></p><style><img src=x onerror=alert(1)></style></math>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    '<p style="position:fixed;top:0;z-index:9">x</p>',
]
FORBIDDEN = (
    "<script",
    "onerror",
    "onload",
    "javascript:",
    "data:text",
    "<iframe",
    "<form",
    "<input",
    "<object",
    "<embed",
    "<meta",
    "<base",
    "<link",
    "<style",
    "position",
    "<svg",
    "<math",
    "alert(1)</",
)


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_that_runs_leaves_or_is_previewed(attack: str) -> None:
    for safe in (sanitise(attack), for_frame(attack), sanitise(inline_styles(attack))):
        assert not [bad for bad in FORBIDDEN if bad in safe.lower().replace("&lt;", "")]


def test_what_mail_needs_stays() -> None:
    html = (
        '<table width="600" cellpadding="0"><tbody><tr><td align="center" style="padding:4px;color:red">'
        '<img src="https://x.example/logo.png" alt="Logo" width="80"><a href="mailto:a@example.com">b</a>'
        "</td></tr></tbody></table>"
    )
    assert sanitise(html) == html


@given(st.text(alphabet="<>/=\"' apibmgstyleonrc:(){}&;#x-!", max_size=60))
def test_cleaning_twice_changes_nothing_more(html: str) -> None:
    assert sanitise(sanitise(html)) == sanitise(html)


def test_style_elements_are_moved_into_attributes_and_others_are_left_alone() -> None:
    assert 'style="color: red;"' in inline_styles("<style>p{color:red}</style><p>x</p>")
    assert inline_styles("<p>a & b") == "<p>a & b"


def test_the_text_shows_links_lists_and_paragraphs() -> None:
    html = '<p>See <a href="https://x.example/?a=1&amp;copy=2">this</a></p><ul><li>one</li><li>two</li></ul>'
    assert to_text(html) == "See [this](https://x.example/?a=1&copy=2)\n\n  * one\n  * two"


def test_a_link_that_shows_its_address_is_written_once() -> None:
    assert (
        to_text('<p><a href="https://x.example/?a&amp;b">https://x.example/?a&amp;b</a>!</p>')
        == "https://x.example/?a&b!"
    )
    assert to_text('<a href="mailto:a@x.example" title="t">a@x.example</a>') == "a@x.example"
    assert to_text('<a href="https://evil.example">https://x.example</a>') == (
        "[https://x.example](https://evil.example)"
    )


def test_the_text_has_no_margin_and_shows_what_an_image_is() -> None:
    html = '<div>Hi<br>one</div><div><br></div><div>two <img src="https://x.example/y.png" alt="Logo"></div>'
    assert to_text(html) == "Hi\none\n\ntwo [Logo]"


def test_the_text_resolves_entities_once() -> None:
    assert to_text("<p>&amp;lt;b&amp;gt; &lt;i&gt; R&amp;D</p>") == "&lt;b&gt; <i> R&D"


@pytest.mark.parametrize("empty", ["", "  ", "<p></p>", "<!-- x -->"])
def test_nothing_makes_no_text(empty: str) -> None:
    assert to_text(sanitise(empty)) == ""


@pytest.mark.parametrize(
    "remote",
    [
        '<img src="https://t.example/p.gif">',
        "<img src='//t.example/p.gif' alt=''>",
        '<p style="background:url(https://t.example/p.gif)">x</p>',
        '<p style="background:\\75rl(https://t.example/p.gif)">x</p>',
        "<p style=\"background:image-set('https://t.example/p.gif' 1x)\">x</p>",
        "<style>p{background:url(https://t.example/p.gif)}</style><p>x</p>",
        '<table background="https://t.example/p.gif"><tr><td>x</table>',
        '<img srcset="https://t.example/p.gif 1x">',
    ],
)
def test_a_preview_loads_nothing(remote: str) -> None:
    assert "t.example" not in for_frame(remote).replace("data-src=", "").partition(' src="')[2]
    assert "url(" not in for_frame(remote) and ' src="' not in for_frame(remote)
    assert "style=" not in for_frame(remote)


def test_a_preview_says_what_it_does_not_load_and_keeps_where_it_was() -> None:
    assert for_frame('<img src="https://t.example/p.gif">') == (
        '<img data-src="https://t.example/p.gif" alt="Image not loaded in the preview">'
    )
    assert for_frame('<img src="https://t.example/p.gif" alt="Our office">') == (
        '<img data-src="https://t.example/p.gif" alt="Our office">'
    )
    assert (
        for_frame('<img src="cid:logo" alt=" src=&quot;https://x">')
        == '<img src="cid:logo" alt=" src=&quot;https://x">'
    )
