"""flask campaign: files in and out, and the simulation whose output other programs read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from sales_campaigns.campaigns.file import read_campaign
from sales_campaigns.campaigns.models import Step
from tests.cast import Cast
from tests.conftest import Work

FILE = """\
format: sales-campaign/1
name: "Q4 CFO outreach"
category: "Outbound"
settings: {skip_weekends: true}
steps:
  - day: 1
    type: email
    send: choose
    subject: "Quick question, {{ first_name | default: 'there' }}"
    html: "<p>…</p>"
  - day: 3
    type: email
    send: at
    at: "09:00"
    follow_up: true
    html: "<p>…</p>"
"""
PEOPLE = "E-Mail;First Name;Time zone\nAna@example.com;Ana;Asia/Tokyo\nx@;;\n"
START = ["--start", "2026-11-28T15:00", "--zone", "Europe/Stockholm"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "people.csv").write_text(PEOPLE)
    path = tmp_path / "outreach.yaml"
    path.write_text(FILE, encoding="utf-8")
    return path


def run(app: Flask, *words: object) -> Result:
    return app.test_cli_runner().invoke(args=["campaign", *map(str, words)])


def simulated(app: Flask, file: Path, *more: str) -> Result:
    return run(app, "simulate", file, "--people", file.parent / "people.csv", *START, *more)


def test_it_imports_and_exports(app: Flask, cast: Cast, file: Path) -> None:
    first = run(app, "import", file, "--user", cast.ana.email, "--json")
    assert json.loads(first.stdout) == {
        "id": 1,
        "campaign": "Q4 CFO outreach",
        "version": 1,
        "created": True,
        "in_force": True,
    }
    assert "version 2" in run(app, "import", file, "--user", cast.ben.email).stdout
    exported = run(app, "export", "Q4 CFO outreach")
    assert read_campaign(exported.stdout) == read_campaign(FILE)
    assert run(app, "export", "Q4 CFO outreach", "--team", "South").exit_code == 1


def test_an_export_says_on_the_side_what_a_file_has_no_words_for(
    app: Flask, work: Work, cast: Cast, file: Path
) -> None:
    run(app, "import", file, "--user", cast.ana.email)
    with work() as uow:
        uow.session.execute(sa.update(Step).where(Step.position == 0).values(bcc="crm@north.example"))
    exported = run(app, "export", "Q4 CFO outreach")
    assert read_campaign(exported.stdout) == read_campaign(FILE)
    assert exported.stderr == "Warning: Day 1, step 1: CC and BCC are not part of a campaign file.\n"


def test_it_refuses_in_one_line_with_line_and_column(app: Flask, cast: Cast, file: Path) -> None:
    file.write_text(FILE.replace("send: choose", "send: same_as_previous").replace("day: 3", "day: 0"))
    refused = run(app, "import", file, "--user", cast.ana.email)
    assert refused.exit_code == 1
    assert refused.stderr.count("\n") == 1
    assert "line 8, column 11" in refused.stderr and "line 11, column 10" in refused.stderr


def test_it_refuses_a_user_a_name_and_bytes_that_are_not_there(app: Flask, cast: Cast, file: Path) -> None:
    assert "no user" in run(app, "import", file, "--user", "nobody@north.example").stderr
    assert "no campaign called" in run(app, "export", "Nothing").stderr
    file.write_bytes(b"\xff\xfe")
    assert "UTF-8" in run(app, "import", file, "--user", cast.ana.email).stderr


def test_it_simulates_to_the_second(app: Flask, file: Path) -> None:
    """A launch on Saturday makes Monday day 1, at the same wall time."""
    result = simulated(app, file, "--json")
    assert result.exit_code == 0, result.stderr
    data = json.loads(result.stdout)
    assert (data["start"], data["targeted"], data["to_deliver"]) == ("2026-11-28T14:00:00Z", 2, 1)
    assert data["excluded"] == [{"person": "x@", "cause": "invalid_address"}]
    first, second = data["entries"]
    assert first == {
        "person": "ana@example.com",
        "day": 1,
        "step": 1,
        "type": "email",
        "kind": "message",
        "at": "2026-11-30T14:00:00Z",
        "local": "2026-11-30T15:00:00+01:00",
        "zone": "Europe/Stockholm",
        "follows": None,
        "moved": [{"why": "weekend", "from": "2026-11-28T15:00:00+01:00"}],
    }
    assert (second["at"], second["follows"]) == ("2026-12-02T08:00:00Z", {"day": 1, "step": 1})
    assert data["finishes"] == "2026-12-02T08:00:00Z"


def test_it_reads_the_recipients_zone_of_the_file(app: Flask, file: Path) -> None:
    file.write_text(FILE.replace("{skip_weekends: true}", "{timezone: recipient}"), encoding="utf-8")
    zones = {entry["zone"] for entry in json.loads(simulated(app, file, "--json").stdout)["entries"]}
    assert zones == {"Asia/Tokyo"}


def test_it_says_it_in_words_too(app: Flask, file: Path) -> None:
    lines = simulated(app, file).stdout.splitlines()
    assert lines[:2] == ["Q4 CFO outreach: 1 of 2 people get mail", "  x@ is left out: invalid address"]
    assert lines[2].endswith("ana@example.com  day 1, step 1 (email message)  moved: weekend")


@pytest.mark.parametrize(
    "more",
    [["--task-delay", "soon"], ["--mailbox-limit", "50"], ["--send-at", "noon"], ["--start", "tomorrow"]],
)
def test_it_ends_with_2_for_options_that_cannot_be_read(app: Flask, file: Path, more: list[str]) -> None:
    assert simulated(app, file, *more).exit_code == 2


@pytest.mark.parametrize(
    "more",
    [["--send-at", "2026-11-27T10:00"], ["--zone", "Nowhere/Land"], ["--mailbox-limit", "0/day"]],
)
def test_it_ends_with_1_for_what_it_refuses(app: Flask, file: Path, more: list[str]) -> None:
    result = simulated(app, file, *more)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)


def test_it_takes_delay_and_limit_with_their_units(app: Flask, file: Path) -> None:
    assert simulated(app, file, "--task-delay", "2d", "--mailbox-limit", "50/day").exit_code == 0


@pytest.mark.parametrize(
    ("people", "words"),
    [
        ("", "headings"),
        ("ana@example.com,Ana\n", "headings"),
        ('Email,Name\n"ana@example.com,Ana\n', "quotation mark"),
    ],
)
def test_it_refuses_people_that_cannot_be_told_apart(app: Flask, file: Path, people: str, words: str) -> None:
    (file.parent / "people.csv").write_text(people)
    result = simulated(app, file)
    assert result.exit_code == 1 and words in result.stderr
