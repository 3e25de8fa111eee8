"""From content and values to a mail."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sales_campaigns.content import rendering
from sales_campaigns.content.fields import FIELDS, merge_values, unknown_names
from sales_campaigns.content.rendering import (
    Content,
    MissingFields,
    Rendered,
    check,
    needs_of,
    render,
    render_html,
    with_signature,
)
from sales_campaigns.errors import Invalid

MARIA = merge_values(
    {
        "first_name": "Maria",
        "last_name": "Lindqvist",
        "email": "maria@example.com",
        "company": "Smith & Söner",
    },
    {"renewal": "May"},
    {"my_name": "Ana Rossi", "my_email": "ana@example.org"},
)


def test_values_of_person_team_and_sender_come_together_and_blanks_are_absent() -> None:
    values = merge_values(
        {"first_name": " Maria ", "company": None, "title": "  ", "id": "7"},
        {"renewal": "May", "empty": ""},
        {"my_name": "Ana"},
    )
    assert values == {"first_name": "Maria", "full_name": "Maria", "renewal": "May", "my_name": "Ana"}


def test_a_custom_field_never_hides_a_built_in_one() -> None:
    assert merge_values({"company": "A"}, {"company": "B"}, {})["company"] == "A"


def test_every_field_of_the_inserter_has_words_and_an_example_and_is_known() -> None:
    assert all(field.words and field.example for field in FIELDS)
    assert unknown_names([field.name for field in FIELDS] + ["renewal", "compnay"], ["renewal"]) == (
        "compnay",
    )


def test_it_renders_subject_html_and_text() -> None:
    content = Content(
        "Logistics at {{ company }}",
        '<p>Hi {{ first_name }},</p><p>see <a href="https://x.example/a?b=1&amp;c=2">our page</a></p>',
    )
    assert render(content, MARIA) == Rendered(
        "Logistics at Smith & Söner",
        '<p>Hi Maria,</p><p>see <a href="https://x.example/a?b=1&amp;c=2">our page</a></p>',
        "Hi Maria,\n\nsee [our page](https://x.example/a?b=1&c=2)",
    )


def test_a_text_of_its_own_is_used_as_written() -> None:
    content = Content("s", "<p>h</p>", "Dear {{ first_name }} <{{ email }}>\n\n  indented")
    assert render(content, MARIA).text == "Dear Maria <maria@example.com>\n\n  indented"


def test_all_missing_needs_of_all_parts_are_named_at_once() -> None:
    for logic in ("", "{% if company %}!{% endif %}"):
        content = Content("{{ title }}", "<p>{{ phone }} {{ first_name }}" + logic, "{{ linkedin_url }}")
        with pytest.raises(MissingFields) as caught:
            render(content, MARIA)
        assert caught.value.fields == ("linkedin_url", "phone", "title")


def test_what_plain_content_needs_is_known_without_rendering() -> None:
    needs = needs_of(Content("{{ company }}", "{{ first_name | default: 'you' }} {{ title }}"))
    assert needs.plain and needs.required == {"company", "title"}
    assert needs.used == {"company", "title", "first_name"}
    assert not needs_of(Content("s", "{% if company %}{{ company }}{% endif %}")).plain


def test_checking_names_every_problem_of_every_part() -> None:
    with pytest.raises(Invalid) as caught:
        check(Content(" ", "{{ a | nope }}", "{{! call first }}"), automatic=True)
    assert list(caught.value.problems) == ["subject", "html", "text"]
    assert caught.value.problems["subject"] == "Write a subject."
    assert "“call first”" in caught.value.problems["text"]


def test_a_prompt_is_for_tasks_only_and_a_reply_needs_no_subject() -> None:
    assert check(Content("", "<p>{{! say something }}</p>x"), automatic=False, reply=True) == ()
    with pytest.raises(Invalid):
        check(Content("", "<p>x</p>"), automatic=False)
    with pytest.raises(Invalid):
        check(Content("s", ""), automatic=False)


def test_it_warns_of_a_subject_that_is_cut_or_a_mail_that_shows_nothing() -> None:
    assert "150" in check(Content("x" * 151, "<p>x</p>"), automatic=True)[0]
    assert "one" in check(Content("a\nb", "<p>x</p>"), automatic=True)[0]
    assert "nothing" in check(Content("a", "<script>x</script>"), automatic=True)[0]


@pytest.mark.parametrize("evil", ["A\r\nBcc: x@y.example", "A\nB", "A\x00\x1bB", "A\u2028B", "A\x85B"])
def test_a_subject_stays_one_line_without_control_characters(evil: str) -> None:
    for logic in ("", "{% if company %}{% endif %}"):
        subject = render(Content("{{ company }}" + logic, "<p>x</p>"), {"company": evil}).subject
        assert subject.isprintable()


@pytest.mark.parametrize(
    "evil",
    [
        "</script><script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "<!--",
        "{{ my_email }}",
        "&lt;b&gt;",
    ],
)
def test_a_value_is_shown_as_text_and_never_becomes_markup(evil: str) -> None:
    for source in ("<p>{{ company }}</p>", "<p>{{ company }}{% if x %}{% endif %}</p>"):
        mail = render(Content("{{ company }}", source), {"company": evil})
        assert mail.subject == evil
        assert mail.text == evil
        assert "<" not in mail.html.removeprefix("<p>").removesuffix("</p>")


def test_a_value_in_a_link_cannot_run_anything() -> None:
    content = Content("s", '<a href="{{ linkedin_url }}">me</a>')
    assert 'href="https://x.example"' in render(content, {"linkedin_url": "https://x.example"}).html
    assert "javascript" not in render(content, {"linkedin_url": "javascript:alert(1)"}).html
    assert render(content, {"linkedin_url": '" onclick="x'}).html.count('"') == 2


def test_style_elements_become_style_attributes() -> None:
    content = Content("s", "<style>p { color: red }</style><p>x</p>")
    assert render(content, {}).html.strip() == '<p style="color:red">x</p>'


def test_a_long_name_is_no_trouble() -> None:
    name = "Ñ" * 5_000
    mail = render(Content("Hi {{ first_name }}", "<p>{{ first_name }}"), {"first_name": name})
    assert (mail.subject, mail.text) == (f"Hi {name}", name)


def test_a_template_that_does_too_much_is_refused_for_that_part() -> None:
    with pytest.raises(Invalid) as caught:
        render(Content("s", "{% for i in (1..99999) %}x{% endfor %}"), {})
    assert "html" in caught.value.problems


def test_a_signature_stands_under_the_text_and_is_made_safe() -> None:
    signature = render_html("<p>{{ my_name }}<script>x</script></p>", MARIA)
    mail = with_signature(Rendered("s", "<p>Hi</p>", "Hi"), signature)
    assert mail.html.startswith("<p>Hi</p>") and "<p>Ana Rossi</p>" in mail.html
    assert mail.text == "Hi\n\nAna Rossi"
    assert with_signature(mail, " ") is mail
    with pytest.raises(MissingFields):
        render_html("{{ my_phone }}", MARIA)


_HTML = st.sampled_from(
    [
        "<p>",
        "</p>",
        "<b>",
        "</b>",
        "<ul><li>",
        "</li></ul>",
        "<a href='https://x.example'>",
        "</a>",
        "https://x.example",
        "<br>",
        " ",
        "\n",
        "words",
        "R&amp;D",
        "&",
        "<",
        "&am",
        '<a title="',
        '">',
        "<pre>",
        "<table><tr><td>",
        "</table>",
        "<h1>",
        "<div>",
        "</div>",
        "<style>p{color:red}",
        "</style>",
        "<!--",
        "-->",
        "<hr>",
        "[",
        "]",
        "<script>",
        "</script>",
        "<textarea>",
        "<span style='white-space:pre'>",
        "{{ a }}",
        "{{ b }}",
        "{{ a | default: 'x & y' }}",
        "{{ c | default: 'you' }}",
        "{{ c | default: '' }}",
        "<blockquote>",
        "\xa0",
        "é",
        "\ue0001\ue001",
        "<img alt='",
        "<svg>",
        "<p style='color:",
    ]
)
_VALUES = st.one_of(
    st.text(min_size=1),
    st.text(alphabet="<>&\"' \t\n\r\xa0a;#x\u2028\u200b\x1c\x85.*[]()-", min_size=1),
    st.sampled_from(
        [
            "https://x.example",
            "&amp;",
            "<b>x</b>",
            "p;",
            "script",
            "👩‍🚀",
            "مرحبا",
            "e\u0301",
            "x" * 300,
            "a  b",
            "* a",
            "1. b",
        ]
    ),
)
_PLAIN = st.lists(_HTML, max_size=9).map("".join)


def _outcome(content: Content, values: dict[str, str], *, general: bool) -> Rendered | dict[str, str]:
    try:
        cast = rendering._cast(content)
        if general:
            return rendering._render_generally(cast, rendering._given(values, cast.needs.used))
        return render(content, values)
    except Invalid as error:
        return error.problems


@given(_PLAIN, _PLAIN, st.booleans(), st.fixed_dictionaries({"a": _VALUES, "b": _VALUES}))
def test_plain_templates_give_the_same_mail_by_both_paths(
    html: str, text: str, has_text: bool, values: dict[str, str]
) -> None:
    content = Content("Hi {{ a }} " + text, html, text if has_text else "")
    assert _outcome(content, values, general=False) == _outcome(content, values, general=True)


@pytest.mark.deep
@settings(max_examples=10_000, deadline=None)
@given(_PLAIN, _PLAIN, st.booleans(), st.fixed_dictionaries({"a": _VALUES, "b": _VALUES}))
def test_plain_templates_give_the_same_mail_by_both_paths_in_depth(
    html: str, text: str, has_text: bool, values: dict[str, str]
) -> None:
    content = Content("Hi {{ a }} " + text, html, text if has_text else "")
    assert _outcome(content, values, general=False) == _outcome(content, values, general=True)


_CORPUS = (
    "<p>Hi {{ a }},</p><p>at {{ b | default: 'your company' }} we <b>{{ a }}</b>.</p>",
    "<div>{{ a }}<br>{{ b }}</div><ul><li>{{ a }}</li><li>two {{ c | default: 'you' }}</li></ul>",
    "<h1>{{ a }}</h1><blockquote><p>{{ b }}</p></blockquote><hr><p>bye</p>",
    "<style>p { color: red }</style><p>{{ a }}</p>{{ b }} text",
)


@pytest.mark.parametrize("html", _CORPUS)
@given(st.fixed_dictionaries({"a": _VALUES, "b": _VALUES}))
def test_ordinary_plain_templates_take_the_fast_path_and_give_the_same_mail(
    html: str, values: dict[str, str]
) -> None:
    content = Content("{{ a }}", html)
    cast = rendering._cast(content)
    assert cast.moulds is not None
    assert _outcome(content, values, general=False) == _outcome(content, values, general=True)


@pytest.mark.parametrize(
    "html",
    [
        '<a href="https://x.example">{{ a }}</a>',
        '<a href="https://x.example">see {{ a }}</a>',
        "<b title='{{ a }}'>{{ b }}</b>",
        "<pre>{{ a }}</pre>",
        "<table><tr><td>{{ a }}</td><td>x</td></tr></table>",
        "&am{{ a }}",
        "<{{ a }}",
        "<b {{ a }}>",
        "<script>{{ a }}</script>{{ b }}",
        "<textarea>{{ a }}</textarea>",
        "<p>\ue0000\ue001 {{ a }}</p>",
        "{{ a }}{{ b | default: '<b>' }}",
        "{{ a }}{{ c | default: '' }}{{ c | default: ' ' }}",
        "[{{ a }}]({{ b }})",
    ],
)
@pytest.mark.parametrize(
    "value", ["https://x.example", "p;", "b", "x=1", "a  b", "&lt;", "<i>", "\n\n", "{{ b }}"]
)
def test_awkward_plain_templates_give_the_same_mail_by_both_paths(html: str, value: str) -> None:
    content, values = Content("s", html), {"a": value, "b": value}
    assert _outcome(content, values, general=False) == _outcome(content, values, general=True)


_LOGIC = (
    "{% if a %}<p>Hi {{ a }}</p>{% else %}<p>Hello</p>{% endif %}<p>{{ b | default: 'you & <b>me</b>' }}</p>",
    "<ul>{%unless a and b %}<li>{{ c }}</li>{%endunless%}</ul>{% if a or c %}\n {{ a }}{% elsif b %}{{ b }}{% endif %}",
    "{% if a %}{% if b %}<p>both {{ a }} {{ b }}</p>{% endif %}{% endif %}<p>{% comment %}no{% endcomment %}end</p>",
    '<p>{% if b %}<a href="https://x.example">see</a>{% endif %} {{ a }}{{ b }}</p>{% unless b %} {% endunless %}',
)


@pytest.mark.parametrize("html", _LOGIC)
@given(st.dictionaries(st.sampled_from("abc"), _VALUES))
def test_a_template_that_asks_only_what_is_there_gives_the_same_mail_by_both_paths(
    html: str, values: dict[str, str]
) -> None:
    content = Content("{% if a %}{{ a }}{% endif %}: {{ b | default: 'b' }}", html)
    assert rendering._cast(content).branching
    assert _outcome(content, values, general=False) == _outcome(content, values, general=True)


@pytest.mark.parametrize(
    "html",
    [
        "{% if a == 'x' %}x{% endif %}",
        "{% if a contains 'x' %}x{% endif %}",
        "{{ a | upcase }}",
        "{% assign b = a %}{{ b }}",
        "{% case a %}{% when 'x' %}x{% endcase %}",
        "{% if a %}\ue0001\ue001{% endif %}",
    ],
)
def test_what_looks_at_values_is_rendered_for_each(html: str) -> None:
    assert rendering.moulds_of(Content("s", html), ["a"]) is None
