"""What users may write, and what they are told when it cannot be read."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_campaigns.content.liquid import MOST_MARKS, Parsed, parse
from sales_campaigns.errors import Invalid


def text(source: str) -> Parsed:
    return parse(source, part="text", html=False)


def printed(source: str, html: bool = False, **values: str) -> str:
    words, missing = parse(source, part="text", html=html).render(values)
    assert not missing
    return words


def complaint(source: str, **values: str) -> str:
    with pytest.raises(Invalid) as caught:
        text(source).render(values)
    return caught.value.problems["text"]


def test_it_prints_fields_and_defaults() -> None:
    assert printed("Hi {{ first_name }}", first_name="Maria") == "Hi Maria"
    assert printed('at {{ company | default: "your company" }}') == "at your company"
    assert printed('at {{ company | default: "your company" }}', company="Northwind") == "at Northwind"


@pytest.mark.parametrize("blank", ["", " ", "\t\n", "\xa0"])
def test_it_takes_a_blank_value_for_missing(blank: str) -> None:
    assert printed('{{ company | default: "x" }}', company=blank) == "x"
    assert text("{{ company }}").render({"company": blank}) == ("", frozenset({"company"}))
    assert printed("{% if company %}yes{% else %}no{% endif %}", company=blank) == "no"


def test_it_reports_all_missing_fields_of_a_text_at_once() -> None:
    _, missing = text("{{ a }} {{ b | upcase }} {{ c | default: d }} {{ 'x' | append: e }}").render({})
    assert missing == {"a", "b", "d", "e"}


def test_a_missing_field_is_false_inside_a_condition_and_is_no_error_there() -> None:
    source = "{% if company %}at {{ company }}{% endif %}{% unless title %}!{% endunless %}"
    assert printed(source) == "!"
    assert printed('{% if company == "X" %}a{% elsif company contains "Y" %}b{% else %}c{% endif %}') == "c"


def test_a_missing_field_passes_through_filters_up_to_its_default() -> None:
    assert printed('{{ company | upcase | strip | default: "you" }}') == "you"


def test_it_knows_the_fields_used_and_those_that_cannot_be_missing() -> None:
    parsed = text("{{ a }} {{ b | default: 'x' }} {% if c %}{{ d }}{% endif %}")
    assert parsed.names == {"a", "b", "c", "d"}
    assert parsed.required == {"a"}


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        ("just text", True),
        ("{{ a }} {{ b | default: 'c' }}", True),
        ("{% comment %} not sent {% endcomment %}{{ a }}", True),
        ("{{! say something }}", True),
        ("{{ a | upcase }}", False),
        ("{{ a | default: b }}", False),
        ("{% if a %}b{% endif %}", False),
        ("{% assign a = 'b' %}{{ a }}", False),
    ],
)
def test_it_calls_plain_what_has_only_text_fields_and_constant_defaults(source: str, plain: bool) -> None:
    assert text(source).plain is plain


def test_a_variable_of_the_template_is_no_field() -> None:
    parsed = text("{% assign who = first_name | upcase %}{{ who }}{% for i in (1..2) %}{{ i }}{% endfor %}")
    assert parsed.names == {"first_name"}
    assert parsed.required == frozenset()
    assert parsed.render({"first_name": "Eva"}) == ("EVA12", frozenset())


def test_it_takes_prompts_out_and_keeps_their_words() -> None:
    parsed = text("Hi {{ first_name }}, {{! what you   liked\nabout their talk }}!")
    assert parsed.prompts == ("what you liked about their talk",)
    assert parsed.render({"first_name": "Eva"})[0] == "Hi Eva, !"


def test_a_prompt_in_html_loses_its_markup() -> None:
    parsed = parse("<p>{{! ask <b>about</b> R&amp;D }}</p>", part="html", html=True)
    assert parsed.prompts == ("ask about R&D",)


def test_an_empty_prompt_is_refused() -> None:
    assert "prompt" in complaint("{{! }}")


@pytest.mark.parametrize(
    ("source", "place", "words"),
    [
        ("one\ntwo {{ a | shout }}", "line 2, column 12", "there is no filter “shout”; use one of: append"),
        ("{% if a %}\n{% foo %}{% endif %}", "line 2, column 4", "there is no tag “foo”"),
        ("Hi {{ first_name", "line 1, column 4", "never closed; add “}}”"),
        ("x {% if", "line 1, column 3", "never closed; add “%}”"),
        ("{% endif %}", "line 1, column 4", "“endif” has no “if” before it"),
        ("\n\n  {{ first name }}", "line 3, column 12", "check spelling"),
        ("{{! a prompt\nof two lines }} {{ a | shout }}", "line 2, column 24", "no filter “shout”"),
    ],
)
def test_it_says_where_a_mistake_is_and_what_to_do(source: str, place: str, words: str) -> None:
    told = complaint(source)
    assert told.startswith(place + ": ")
    assert words in told
    assert told.endswith(".")


def test_it_says_which_end_is_missing() -> None:
    assert complaint("{% if a %}x") == "“endif” is missing at the end of this part; add {% endif %}."


def test_it_has_no_parts_of_fields_no_files_and_no_clock() -> None:
    assert complaint("{{ company.name }}") == "A field has no parts: write {{ company }}."
    assert "there is no tag “include”" in complaint("{% include 'secret' %}")
    assert "there is no filter “date”" in complaint("{{ 'now' | date: '%Y' }}")
    assert "there is no filter “safe”" in complaint("{{ a | safe }}")


def test_html_values_are_escaped_and_literals_are_not_doubled() -> None:
    assert printed("<b>{{ a }}</b>", html=True, a="<i>&\"'") == "<b>&lt;i&gt;&amp;&#34;&#39;</b>"
    assert printed("{{ a | append: b | upcase }}", html=True, a="<", b=">") == "&lt;&gt;"


def test_it_reads_what_html_editors_write_inside_tags() -> None:
    assert printed("{{&nbsp;a | default: &quot;you&quot; }}", html=True) == "you"
    assert printed("{% if a &gt; 'b' %}later{% endif %}", html=True, a="c") == "later"


@pytest.mark.parametrize("value", ["{{ my_email }}", "{% if x %}", "{{! p }}", "{% raw %}", "}}", "%}"])
def test_it_never_reads_a_value_as_a_template(value: str) -> None:
    assert printed("a {{ name }} b", name=value) == f"a {value} b"
    assert printed("{% if name %}{{ name }}{% endif %}", name=value) == value


_DOUBLING = "{% assign a = 'xxxxxxxxxx' %}" + "{% assign a = a | append: a %}" * 30
_BIG = "{% assign a = 'xxxxxxxxxx' %}" + "{% assign a = a | append: a %}" * 13


@pytest.mark.parametrize(
    "bomb",
    [
        "{% for i in (1..1000000000) %}x{% endfor %}",
        "{% for i in (1..999) %}{% for j in (1..999) %}x{% endfor %}{% endfor %}",
        "{% for i in (1..900) %}{% for j in (1..2) %}{% endfor %}{% endfor %}",
        "{% for i in (1..1000) %}{% endfor %}" * 100,
        _DOUBLING,
        _BIG + "{{ a | replace: 'x', a }}",
        _BIG + "{{ a | replace: '', a }}",
        _BIG + "{{ a | split: '' | join: a }}",
        _BIG + "{% for i in (1..1000) %}{{ a }}{% endfor %}",
        _BIG + "{% for i in (1..1000) %}{% if a contains 'y' %}{% endif %}{% endfor %}",
        _BIG + "{{ a " + "| append: a " * 100 + "}}",
        "{% capture a %}{% for i in (1..1000) %}" + "y" * 2000 + "{% endfor %}{% endcapture %}",
    ],
)
def test_it_stops_a_template_that_makes_too_much_of_itself(bomb: str) -> None:
    started = time.process_time()
    assert "shorten" in complaint(bomb)
    assert time.process_time() - started < 3


@pytest.mark.parametrize("source", ["{% raw %}" * 30_000, "{{" * 5_000, "{{ a[" + "a[" * 90_000])
def test_it_refuses_at_once_what_would_take_long_to_read(source: str) -> None:
    started = time.process_time()
    with pytest.raises(Invalid):
        text(source)
    assert time.process_time() - started < 3


def test_it_refuses_too_much_source_and_too_many_marks() -> None:
    assert "too long" in complaint("x" * 200_001)
    assert "too many" in complaint("{{ a }}" * (MOST_MARKS + 1))
    assert printed("{{ a }}" * MOST_MARKS, a="x") == "x" * MOST_MARKS


def test_it_does_not_fall_over_deep_nesting() -> None:
    assert complaint("{% if a %}" * 200 + "{% endif %}" * 200, a="x")
    assert complaint("{{ a[" + "a[" * 2_000 + "]" * 2_000 + "] }}")


_PIECES = st.sampled_from(
    [
        "{{",
        "}}",
        "{%",
        "%}",
        "{{ a }}",
        "{% if a %}",
        "{% endif %}",
        "{% for i in (1..3) %}",
        "{% endfor %}",
        "| default: 'x'",
        "{{ a | ",
        "upcase",
        "{{! p }}",
        "'",
        '"',
        "-",
        "\n",
        "a",
        "{% raw %}",
        "{% endraw %}",
        "{% comment %}",
        "{% endcomment %}",
        "&quot;",
        "<b>",
        "\x00",
        "\ud800",
        "é",
        "(1..",
        ":",
        ",",
        "[",
        "]",
        ".",
    ]
)


@given(st.lists(_PIECES, max_size=12).map("".join), st.booleans(), st.dictionaries(st.just("a"), st.text()))
def test_it_either_renders_or_says_what_is_wrong(source: str, html: bool, values: dict[str, str]) -> None:
    try:
        parsed = parse(source, part="text", html=html)
        words, missing = parsed.render(values)
    except Invalid as error:
        assert list(error.problems) == ["text"] and error.problems["text"].endswith(".")
    else:
        assert isinstance(words, str) and missing <= parsed.names


def test_a_template_is_parsed_once() -> None:
    assert text("parsed {{ once }}") is text("parsed {{ once }}")


def test_rendering_leaves_nothing_behind_for_the_next_person() -> None:
    parsed = text("{% if a %}{% assign seen = a %}{% endif %}{{ seen | default: 'nobody' }}{{ b }}")
    assert parsed.render({"a": "Ana", "b": "."}) == ("Ana.", frozenset())
    assert parsed.render({}) == ("nobody", frozenset({"b"}))
    assert parsed.render({"b": "."}) == ("nobody.", frozenset())
