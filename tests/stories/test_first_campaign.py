"""docs/first-campaign.md happens as it is told: the commands of that page are run, then every mail is compared."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.engine import Engine

from sales_campaigns.campaigns.people_file import read_people
from sales_campaigns.clock import VirtualClock
from sales_campaigns.ports import OutsideWorld
from sales_campaigns.settings import Settings
from tests.stories.letters import Letter, as_foreseen, as_received, letters
from tests.stories.telling import Story, at, enrollments, open_tasks, work_through
from web import create_app

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "first-campaign.md"
PEOPLE = ROOT / "tests" / "data" / "people" / "clean-500.csv"
ZONES = {
    "Europe/Stockholm", "Europe/London", "America/New_York", "America/Los_Angeles",
    "America/Santiago", "Asia/Kolkata", "Pacific/Auckland", "Australia/Lord_Howe",
}  # fmt: skip
TOLD = re.compile(r"```(?P<kind>\w+)\n(?P<block>.*?)```|<!-- (?P<then>.*?) -->", re.DOTALL)


@pytest.fixture
def clock() -> VirtualClock:
    """Friday 27 November 2026, 15:00 in Stockholm."""
    return VirtualClock(datetime(2026, 11, 27, 14, 0, tzinfo=UTC))


@pytest.fixture
def app(engine: Engine, outside: OutsideWorld, clock: VirtualClock, tmp_path: Path) -> Flask:
    settings = Settings(secret_key="only for the tests, and long enough", data_dir=tmp_path / "var")
    return create_app(settings, engine, outside, clock)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ana's folder: five hundred people, and the fifty of eight zones who were at the fair."""
    lines = PEOPLE.read_text(encoding="utf-8").splitlines(keepends=True)
    met = [line for line in lines[1:] if any(zone in line for zone in ZONES)][:50]
    (tmp_path / "people.csv").write_text("".join(lines), encoding="utf-8")
    (tmp_path / "fair.csv").write_text("".join([lines[0], *met]), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_happens_as_the_page_tells_it(story: Story, app: Flask, desk: Path) -> None:
    printed = [told for told in tell(story, app, desk) if told]
    everybody, fair, campaign, *_, launched = printed
    assert (launched["targeted"], launched["to_deliver"]) == (50, 50)
    assert (everybody["new"], everybody["bad_rows"]) == (500, 0)
    assert (fair["new"], fair["merged"], campaign["created"]) == (0, 50, True)
    assert {row["time_zone"] for row in read_people(desk / "fair.csv")} == ZONES

    foreseen = json.loads((desk / "foreseen.json").read_text())
    assert (foreseen["to_deliver"], foreseen["excluded"]) == (50, [])
    expected, received = as_foreseen(foreseen["entries"]), as_received(story.sink)
    assert len(received) == 50 * 4
    assert set(expected) - set(received) == set(), "missing"
    assert set(received) - set(expected) == set(), "extra"
    assert received == expected
    assert answers_among(letters(story.sink)) == 50 * 2
    assert {one.state for one in enrollments(story)} == {"finished"} and not open_tasks(story)


def answers_among(received: list[Letter]) -> int:
    """How many mails answer to another: to the same person, under its subject, in its thread."""
    by_id = {letter.message_id: letter for letter in received}
    answers = [(letter, by_id[letter.in_reply_to]) for letter in received if letter.in_reply_to]
    for letter, answered in answers:
        assert (letter.to, letter.subject) == (answered.to, f"Re: {answered.subject}")
        assert letter.references == (*answered.references, answered.message_id)
    return len(answers)


def tell(story: Story, app: Flask, desk: Path) -> Iterator[Any]:
    """Do what the page says, from top to bottom; what each command printed."""
    for found in TOLD.finditer(PAGE.read_text(encoding="utf-8")):
        if found["kind"] == "yaml":
            (desk / "five-days.yaml").write_text(found["block"], encoding="utf-8")
        elif found["kind"] == "sh":
            yield from (run(app, desk, line) for line in found["block"].splitlines())
        else:
            HAPPENS[found["then"]](story)


def run(app: Flask, desk: Path, line: str) -> Any:
    """One command of the page; into its file where it says so."""
    command, _, file = line.partition(" > ")
    flask, *arguments = shlex.split(command)
    assert flask == "flask", line
    result = app.test_cli_runner().invoke(args=arguments)
    assert result.exit_code == 0, f"{line}: {result.output}"
    if file:
        (desk / file).write_text(result.stdout, encoding="utf-8")
    return json.loads(result.stdout)


def three_weeks_pass(story: Story) -> None:
    work_through(story, at("2026-12-18T15:00"), undo_seconds=10)


HAPPENS: dict[str, Callable[[Story], None]] = {
    "three weeks pass, and the tasks are done": three_weeks_pass,
}
