"""Page templates: each is sound, and the check that says so notices what it is for."""

from __future__ import annotations

import pytest
from jinja2 import DictLoader, Environment

from scripts.check_templates import app_environment, complaints

BUTTON = """{% macro button(label, kind='') %}
<button type="button" class="{{ kind }}">{{ label }}</button>
{% endmacro %}"""

SOUND = """{% extends "layout.html" %}{% from "button.html" import button as press %}
<form method="post" action="{{ '/x' }}"><input type="hidden" name="csrf_token" value="{{ csrf_token() }}">
<img src="{{ '/a.png' }}" alt="">
<button{{ {'type': 'submit'} | xmlattr }}>Send</button>
{{ press('Go', kind='main') }}</form>"""

WRONG = {
    "{% if %}": "Expected an expression",
    "{{ 1 | no_such_filter }}": "No filter named",
    '{% include "none.html" %}': "there is no template none.html",
    '{% from "button.html" import knob %}': "button.html has no macro knob",
    '{% import "button.html" as b %}{{ b.knob() }}': "there is no macro b.knob",
    '{% from "button.html" import button %}{{ button() }}': "button needs label",
    '{% from "button.html" import button %}{{ button("a", "b", "c") }}': "button takes 2 values, 3 are given",
    '{% from "button.html" import button %}{{ button("a", size=1) }}': "button takes no size",
    '<form method="post">{{ 1 }}</form>': "needs the hidden field csrf_token",
    '<form hx-post="/x"></form>': "does nothing without scripts",
    '<p style="color: red">': "a style attribute",
    "<style>p {}</style>": "a style element",
    "<script>go()</script>": "an inline script",
    '<a href="/" onclick="go()">': "an inline handler onclick",
    '<a href="javascript:go()">': "a javascript: address",
    '<script src="https://example.com/x.js"></script>': "asks another host",
    "<button>Send</button>": "a button without a type",
    '<img src="{{ url }}">': "an image without an alt",
}


def check(source: str) -> list[str]:
    pages = {"page.html": source, "button.html": BUTTON, "layout.html": "{% block main %}{% endblock %}"}
    return complaints(Environment(loader=DictLoader(pages), autoescape=True))


def test_every_template_of_the_product_is_sound() -> None:
    assert complaints(app_environment()) == []


def test_it_has_nothing_to_say_about_a_sound_one() -> None:
    assert check(SOUND) == []


@pytest.mark.parametrize("source", WRONG)
def test_it_notices(source: str) -> None:
    (complaint,) = check(source)
    assert complaint.startswith("page.html:1: ")
    assert WRONG[source] in complaint


def test_it_names_the_line() -> None:
    assert check('{#\n#}\n<form method="post">\n</form>\n<button>\n')[0].startswith("page.html:3:")
    assert check('{#\n#}\n<form method="post">\n</form>\n<button>\n')[1].startswith("page.html:5:")
