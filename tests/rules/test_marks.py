"""What a mail carries: one token a message, links led through by their place, a footer, headers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_campaigns.content.rendering import Content, Rendered, render
from sales_campaigns.content.tracked_links import lead_through, links_of
from sales_campaigns.messages.letters.marks import Marks, dressed, footer_problem, headers_of
from sales_campaigns.messages.letters.tokens import message_in, token_of

KEY, OLD = "k" * 40, "o" * 40
BODY = Rendered("Hello", "<p>Hello</p>", "Hello")
SENDER = "ana@north.example"


def marks(**fields: object) -> Marks:
    known = {"address": "https://go.example", "token": "T", "opens": True, "clicks": True, "footer": ""}
    return Marks(**{**known, **fields})  # type: ignore[arg-type]


@given(st.integers(1, 2**53))
def test_a_token_names_its_message_and_is_short(message_id: int) -> None:
    token = token_of(message_id, KEY)
    assert message_in(token, [KEY]) == message_id
    assert len(token) <= 26 and token.replace("-", "").replace("_", "").isalnum()


def test_a_token_of_the_former_key_still_counts_while_the_key_is_being_replaced() -> None:
    token = token_of(7, OLD)
    assert (message_in(token, [KEY, OLD]), message_in(token, [KEY])) == (7, None)


@given(st.text(max_size=40))
def test_what_we_have_not_signed_is_nobody_s(token: str) -> None:
    assert message_in(token, [KEY]) is None


def test_a_token_cannot_be_written_in_another_way() -> None:
    token = token_of(7, KEY)
    assert [message_in(one, [KEY]) for one in (f"{token}=", f"{token} ", token.swapcase(), f"A{token}")] == [
        None
    ] * 4


def test_a_mail_to_many_begins_with_a_link_to_its_own_page_where_the_team_wishes() -> None:
    body = dressed(BODY, "", marks(mirror=True, opens=False), SENDER)
    assert body.html.startswith('<div class="mirror"') and 'href="https://go.example/m/T"' in body.html
    assert body.html.endswith("<p>Hello</p>")
    assert body.text == "View in browser: https://go.example/m/T\n\nHello"
    assert dressed(BODY, "", marks(address="", mirror=True), SENDER) == BODY, "where nobody can reach us"


SOURCE = (
    '<p><a href="https://a.example/?x=1&amp;y=2">A</a> <a href="http://b.example">B</a> '
    '<a href="https://a.example/?x=1&amp;y=2">A again</a> <a href="mailto:x@y.example">write</a> '
    '<a href="https://c.example/{{ company }}">C</a></p>'
)


def test_links_have_their_places_in_the_wording_each_address_one() -> None:
    assert links_of(SOURCE) == ["https://a.example/?x=1&y=2", "http://b.example"]


@pytest.mark.parametrize("logic", ["", "{% if title %}{{ title }}{% endif %}"])
def test_a_mail_leads_through_us_and_what_has_a_field_in_it_leaves_as_it_is(logic: str) -> None:
    source = SOURCE + logic
    html = render(Content("S", source), {"company": "north"}).html
    led = lead_through(html, source, lambda place: f"https://go.example/{place}")
    assert led.count('"https://go.example/1"') == 2 and led.count('"https://go.example/2"') == 1
    assert '"https://c.example/north"' in led and '"mailto:x@y.example"' in led
    assert "a.example" not in led


def test_nothing_leads_back_where_our_pages_cannot_be_reached() -> None:
    """While PUBLIC_URL is unset nothing that leaves contains a link, pixel or header that needs it."""
    bare = marks(address="", footer="No more? [Unsubscribe].")
    body = dressed(BODY, "<p>Hello</p>", bare, SENDER)
    assert "http" not in body.html + body.text and "<img" not in body.html
    assert 'href="mailto:ana@north.example?subject=unsubscribe"' in body.html
    assert (
        headers_of(bare, SENDER)
        == {"List-Unsubscribe": "<mailto:ana@north.example?subject=unsubscribe>"}
        == headers_of(None, SENDER)
    )


def test_one_click_stands_in_the_headers_where_they_can() -> None:
    assert headers_of(marks(), SENDER) == {
        "List-Unsubscribe": "<https://go.example/u/T>, <mailto:ana@north.example?subject=unsubscribe>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def test_the_first_link_of_the_team_s_text_always_leads_to_our_page() -> None:
    body = dressed(BODY, "", marks(footer="Too much <mail>? [Leave] or [stay]"), SENDER)
    assert '<a href="https://go.example/u/T">Leave</a> or [stay]' in body.html
    assert "&lt;mail&gt;" in body.html and body.text.endswith("Leave: https://go.example/u/T or [stay]")


@pytest.mark.parametrize(
    ("opens", "clicks", "pixel", "led"), [(True, False, 1, 0), (False, True, 0, 1), (False, False, 0, 0)]
)
def test_opens_and_clicks_are_switched_off_each_by_itself(
    opens: bool, clicks: bool, pixel: int, led: int
) -> None:
    source = '<a href="https://a.example">A</a>'
    body = dressed(render(Content("S", source), {}), source, marks(opens=opens, clicks=clicks), SENDER)
    assert (body.html.count("/t/o/T.gif"), body.html.count("/t/c/T/1")) == (pixel, led)


@pytest.mark.parametrize(("text", "fine"), [("[Leave]", True), ("Leave", False), ("[x]" * 1000, False)])
def test_the_text_of_a_team_needs_words_for_its_link(text: str, fine: bool) -> None:
    assert (footer_problem(text) == "") is fine
