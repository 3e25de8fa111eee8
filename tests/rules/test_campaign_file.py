"""The campaign file: what it says, what it refuses and where, and that it comes back as it went out."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sales_campaigns.campaigns.file import (
    CampaignFile,
    FileSettings,
    FileStep,
    Late,
    Lateness,
    OnReply,
    OutOfOffice,
    Priority,
    Quote,
    Tracking,
    ZoneOf,
    outline,
    read_campaign,
    write_campaign,
)
from sales_campaigns.campaigns.planner import IfPast, SendOption, StepKind, StepOutline, Window
from sales_campaigns.errors import Invalid

FULL = """\
format: sales-campaign/1
name: Q4 CFO outreach
category: Outbound
settings:                       # every key optional; the defaults are shown
  skip_weekends: false
  holidays: null
  send_window: null
  timezone: sender
  on_reply: end
  remove_on_bounce: true
  out_of_office: pause
  late: {limit: 4h, then: next_slot}
  tracking: {opens: true, clicks: true}
steps:
  - day: 1
    type: email
    send: choose
    subject: "Quick question, {{ first_name | default: 'there' }}"
    html: "<p>…</p>"
    text: "…"
  - day: 3
    type: email
    send: at
    at: "09:00"
    if_past: next_day
    quote: template
    follow_up: true
    html: "<p>…</p>"
  - day: 3
    type: call
    name: Call about the question
    details: "Talk track…"
    priority: normal
    skip_after: null
"""
SMALL = """\
format: sales-campaign/1
name: Small
steps:
  - day: 1
    type: call
"""


def problems_of(text: str) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        read_campaign(text)
    return refused.value.problems


def test_it_reads_every_key() -> None:
    campaign = read_campaign(FULL)
    assert (campaign.name, campaign.category) == ("Q4 CFO outreach", "Outbound")
    first, second, third = campaign.steps
    assert first.outline == StepOutline(1, 1, StepKind.EMAIL, SendOption.CHOOSE)
    assert second.outline == StepOutline(3, 1, StepKind.EMAIL, SendOption.AT, time(9), follow_up=True)
    assert third == FileStep(
        StepOutline(3, 2, StepKind.CALL), name="Call about the question", details="Talk track…"
    )


def test_it_shows_the_defaults_in_the_example() -> None:
    assert read_campaign(FULL).settings == FileSettings() == read_campaign(SMALL).settings


def test_it_reads_json_as_well() -> None:
    as_json = {
        "format": "sales-campaign/1",
        "name": "Small \U0001f600",
        "steps": [{"day": 1, "type": "call"}],
    }
    for indent in (None, 2, "\t"):
        assert read_campaign(json.dumps(as_json, indent=indent)).name == "Small \U0001f600"


def test_it_keeps_words_that_other_readers_take_for_something_else() -> None:
    text = SMALL.replace("name: Small", "name: on").replace(
        "type: call", "type: email\n    send: at\n    at: 12:30"
    )
    campaign = read_campaign(text.replace("steps:", "settings: {holidays: NO}\nsteps:"))
    assert campaign.name == "on" and campaign.settings.holidays == "NO"
    assert campaign.steps[0].outline.at == time(12, 30)
    written = write_campaign(campaign)
    assert all(line in written for line in ('name: "on"', 'holidays: "NO"', 'at: "12:30"'))


@pytest.mark.parametrize(
    ("change", "field", "place"),
    [
        (("name: Small", "name: Small\nnmae: x"), "nmae", "line 3, column 1: “nmae” is unknown"),
        (("name: Small\n", ""), "name", "line 1, column 1: “name” is missing"),
        (("name: Small", "name: 12"), "name", "line 2, column 7: Write text"),
        (("campaign/1", "campaign/2"), "format", "line 1, column 9: This product reads sales-campaign/1"),
        (("day: 1", "day: 0"), "steps.0.day", "line 4, column 10: Write a whole number"),
        (("day: 1", "day: true"), "steps.0.day", "line 4, column 10: Write a whole number"),
        (("day: 1", "day: 2"), "steps.0.day", "line 4, column 10: The first step is on day 1."),
        (("type: call", "type: fax"), "steps.0.type", "line 5, column 11: Write one of: email"),
        (("type: call", "type: [call]"), "steps.0.type", "line 5, column 11: Write one of: email"),
        (("type: call", "type: call\n    send: task"), "steps.0.send", "line 6, column 11: Only an e-mail"),
        (("type: call", "type: email"), "steps.0.send", "line 4, column 5: Say how the e-mail leaves"),
        (
            ("type: call", "type: call\n    html: x"),
            "steps.0.html",
            "line 6, column 5: “html” belongs to e-mails",
        ),
        (
            ("type: call", "type: call\n    skip_after: 10"),
            "steps.0.skip_after",
            "line 6, column 17: Write text",
        ),
        (
            ("type: call", "type: call\n    skip_after: 5h"),
            "steps.0.skip_after",
            "line 6, column 17: Write whole",
        ),
        (("steps:\n", "settings: {holidays: XX}\nsteps:\n"), "settings.holidays", "line 3, column 22: “XX”"),
        (
            ("steps:\n", 'settings: {send_window: {from: "18:00", to: "08:00"}}\nsteps:\n'),
            "settings.send_window",
            "line 3, column 25: The window must open",
        ),
        (
            ("steps:\n", 'settings: {send_window: {from: "18:00"}}\nsteps:\n'),
            "settings.send_window.to",
            "line 3, column 25: “to” is missing.",
        ),
        (
            ("steps:\n", "settings: {late: {then: never}}\nsteps:\n"),
            "settings.late.then",
            "line 3, column 25:",
        ),
        (("steps:\n", "settings: 3\nsteps:\n"), "settings", "line 3, column 11: Write a mapping"),
        (("steps:\n  - day: 1\n    type: call", "steps: []"), "steps", "line 3, column 8: Write a list"),
        (("- day: 1\n    type: call", "- 7"), "steps.0", "line 4, column 5: Write a mapping"),
    ],
)
def test_it_refuses_with_line_and_column(change: tuple[str, str], field: str, place: str) -> None:
    assert change[0] in SMALL
    found = problems_of(SMALL.replace(*change))
    assert found[field].startswith(place), found


def test_it_refuses_everything_at_once() -> None:
    text = FULL.replace("send: choose", "send: same_as_previous").replace(
        "timezone: sender", "timezone: mine"
    )
    assert set(problems_of(text + "extra: 1\n")) == {"extra", "settings.timezone", "steps.0.send"}


def test_it_says_one_thing_about_one_fault() -> None:
    assert set(problems_of(FULL.replace("send: choose", "send: soon"))) == {"steps.0.send"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "The file is empty"),
        ("a: [1, 2", "line 1, column"),
        ("a: 1\na: 2", "line 2, column 1: “a” stands here twice"),
        ('{"a": 1,\n "a": 2}', "line 2, column 2: “a” stands here twice"),
        ("a: &x [1]\nb: *x", "aliases are not read"),
        ("a: !!python/object:os.system x", "line 1, column 4: This cannot be read"),
        ("a: 1\n---\nb: 2", "line 2, column 1"),
        ('{"a": 1,}', "line 1, column 9"),
        ('{"a": 1} x', "line 1, column 10"),
        ('{"a": [1 2]}', "line 1, column 10"),
        ('{"a"', "line 1, column 5"),
        ("{" * 9, "line 1, column 2"),
        ('{"a":' + "[" * 100_000, "nested too deeply"),
        ("a: " + "[" * 1_000, "nested too deeply"),
        ("a: \x00", "not YAML"),
        ("? [a]\n: b", "line 1, column 3: A key must be a word"),
        ("- 1", "line 1, column 1: Write a mapping"),
    ],
)
def test_it_refuses_what_is_no_campaign_file(text: str, words: str) -> None:
    assert any(words in said for said in problems_of(text).values())


@pytest.mark.parametrize("bad", ['"\\ud800"', '"\\u0000"'])
def test_it_refuses_characters_that_cannot_be_stored(bad: str) -> None:
    text = f'{{"format": "sales-campaign/1", "name": {bad}, "steps": [{{"day": 1, "type": "call"}}]}}'
    assert "control character" in problems_of(text)["name"]


def test_it_lets_a_template_stand_in_place_of_content_only() -> None:
    text = FULL.replace('    text: "…"\n', "    template: Intro\n")
    assert set(problems_of(text)) == {"steps.0.subject", "steps.0.html"}


def test_it_gives_the_planner_its_outline() -> None:
    planned = outline(
        read_campaign(FULL.replace("skip_weekends: false", "skip_weekends: true")), frozenset({date.min})
    )
    assert planned.calendar.skip_weekends and planned.calendar.holidays == {date.min}
    assert [(step.day, step.number) for step in planned.steps] == [(1, 1), (3, 1), (3, 2)]


# --- there and back ---

TEXTS = st.text(
    st.one_of(
        st.sampled_from("\n\r\t :#-|>'\"{}&*!%@`\\é\u2028\u0085\ufeff\U0001f600"),
        st.characters(codec="utf-8"),
    )
).filter(lambda text: not any(ord(c) < 32 and c not in "\n\r\t" for c in text))
LINES = TEXTS.filter(lambda text: text.strip() and "\n" not in text and "\r" not in text)
TIMES = st.times().map(lambda at: at.replace(microsecond=0))
CONTENT = st.fixed_dictionaries(
    {}, optional={"name": LINES, "subject": LINES, "html": TEXTS, "text": TEXTS, "from_template": LINES}
)
MAIL_SHAPES = st.one_of(
    st.just({"send": SendOption.TASK}),
    st.builds(
        lambda at, past: {"send": SendOption.AT, "at": at, "if_past": past}, TIMES, st.sampled_from(IfPast)
    ),
)


@st.composite
def steps(draw: st.DrawFn) -> tuple[FileStep, ...]:
    made: list[FileStep] = []
    for number in range(1, draw(st.integers(1, 3)) + 1):
        follows = bool(made) and made[-1].outline.kind == StepKind.EMAIL and draw(st.booleans())
        shape = StepOutline(1, number, StepKind.EMAIL, follow_up=follows, **draw(MAIL_SHAPES))
        quote = draw(st.sampled_from(Quote)) if follows else Quote.TEMPLATE
        content: dict[str, Any] = draw(CONTENT)
        made.append(FileStep(shape, quote=quote, **content))
        if draw(st.booleans()):
            call = replace(
                shape, kind=StepKind.CALL, send=None, at=None, follow_up=False, if_past=IfPast.NEXT_DAY
            )
            skip = replace(call, day=2, number=1, skip_after_days=draw(st.integers(1, 1000)))
            made.append(FileStep(skip, details=draw(TEXTS), priority=draw(st.sampled_from(Priority))))
            break
    return tuple(made)


def windows() -> st.SearchStrategy[Window]:
    return st.lists(TIMES, min_size=2, max_size=2, unique=True).map(lambda pair: Window(*sorted(pair)))


def lates() -> st.SearchStrategy[Late]:
    sizes = st.builds(
        lambda n, unit: n * unit, st.integers(1, 999), st.sampled_from([timedelta(minutes=1), timedelta(1)])
    )
    return st.builds(Late, sizes, st.sampled_from(Lateness))


FILES = st.builds(
    CampaignFile,
    LINES,
    LINES,
    st.builds(
        FileSettings,
        st.booleans(),
        st.sampled_from([None, "SE", "NO", "US-CA"]),
        st.none() | windows(),
        st.sampled_from(ZoneOf),
        st.sampled_from(OnReply),
        st.booleans(),
        st.sampled_from(OutOfOffice),
        lates(),
        st.builds(Tracking, st.booleans(), st.booleans()),
    ),
    steps(),
)


@given(FILES)
@settings(max_examples=20, deadline=None)
def test_it_reads_back_what_it_wrote_and_writes_the_same_bytes_again(campaign: CampaignFile) -> None:
    written = write_campaign(campaign)
    assert read_campaign(written) == campaign
    assert write_campaign(read_campaign(written)) == written


@pytest.mark.deep
@given(FILES)
@settings(max_examples=5_000, deadline=None)
def test_it_reads_back_thousands_of_files(campaign: CampaignFile) -> None:
    assert read_campaign(write_campaign(campaign)) == campaign


@pytest.mark.parametrize(
    "words", ["a\nb", "a\nb\n", "\n\na\n  b\n\nc", "  a\nb", "a\n\n", "\n", "a\n \nb", "a\r\nb"]
)
def test_it_keeps_every_line_of_a_body(words: str) -> None:
    campaign = read_campaign(FULL)
    first = replace(campaign.steps[0], html=words)
    changed = replace(campaign, steps=(first, *campaign.steps[1:]))
    assert read_campaign(write_campaign(changed)) == changed


def test_it_writes_a_file_that_a_person_can_read() -> None:
    campaign = read_campaign(
        SMALL.replace(
            "type: call", "type: email\n    send: task\n    html: |\n      <p>\n        Hi\n      </p>"
        )
    )
    assert write_campaign(campaign) == (
        "format: sales-campaign/1\n"
        'name: "Small"\n'
        'category: "General"\n'
        "settings:\n"
        "  skip_weekends: false\n"
        "  holidays: null\n"
        "  send_window: null\n"
        "  timezone: sender\n"
        "  on_reply: end\n"
        "  remove_on_bounce: true\n"
        "  out_of_office: pause\n"
        "  late: {limit: 4h, then: next_slot}\n"
        "  tracking: {opens: true, clicks: true}\n"
        "steps:\n"
        "  - day: 1\n"
        "    type: email\n"
        "    send: task\n"
        "    html: |2\n"
        "      <p>\n"
        "        Hi\n"
        "      </p>\n"
    )
