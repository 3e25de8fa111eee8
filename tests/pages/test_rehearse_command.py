"""flask campaign rehearse: the same as simulate where nobody answers, and the mails beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

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
    html: "<p>Hello {{ first_name | default: 'there' }}</p>"
  - day: 3
    type: email
    send: at
    at: "09:00"
    follow_up: true
    html: "<p>And again</p>"
  - {day: 4, type: call, name: Call}
"""
PEOPLE = "E-Mail;First Name\nAna@example.com;Ana\nx@;\n"
START = ["--start", "2026-11-28T15:00", "--zone", "Europe/Stockholm"]
SCRIPT = """\
format: sales-rehearsal/1
recipients:
  - who: "*"
    mail: 1
    does: [soft then fine]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "people.csv").write_text(PEOPLE)
    path = tmp_path / "outreach.yaml"
    path.write_text(FILE, encoding="utf-8")
    return path


def run(app: Flask, what: str, file: Path, *more: object) -> Result:
    words = ["campaign", what, file, "--people", file.parent / "people.csv", *START, *more]
    return app.test_cli_runner().invoke(args=[str(word) for word in words])


def test_it_prints_what_simulate_prints_and_the_messages(app: Flask, file: Path) -> None:
    """Without scripted events they equal the simulation."""
    rehearsed = json.loads(run(app, "rehearse", file, "--json").stdout)
    messages = rehearsed.pop("messages")
    assert rehearsed == json.loads(run(app, "simulate", file, "--json").stdout)
    first, second = messages
    assert (first["person"], first["subject"]) == ("ana@example.com", "Quick question, Ana")
    assert (second["in_reply_to"], second["references"]) == (first["message_id"], [first["message_id"]])
    assert second["subject"] == "Re: Quick question, Ana" and second["text"].startswith("And again")
    assert second["at"] == "2026-12-02T08:00:00Z"


@pytest.mark.parametrize(
    "more",
    [
        ["--task-delay", "2d"],
        ["--send-at", "2026-12-03T10:30"],
        ["--mailbox-limit", "1/day"],
        ["--start-at", "3.1"],
    ],
)
def test_it_takes_the_options_of_simulate(app: Flask, file: Path, more: list[str]) -> None:
    rehearsed = json.loads(run(app, "rehearse", file, *more, "--json").stdout)
    del rehearsed["messages"]
    assert rehearsed == json.loads(run(app, "simulate", file, *more, "--json").stdout)


def test_it_says_in_words_that_they_are_equal(app: Flask, file: Path) -> None:
    lines = run(app, "rehearse", file).stdout.splitlines()
    assert lines[0] == "Q4 CFO outreach: 1 of 2 people get mail"
    assert lines[-1] == "2 mails left. What was simulated is what happened: equal."


def test_it_says_what_differs_where_recipients_follow_a_script(app: Flask, file: Path) -> None:
    (file.parent / "script.yaml").write_text(SCRIPT)
    lines = run(app, "rehearse", file, "--script", file.parent / "script.yaml").stdout.splitlines()
    assert (
        lines[-1]
        == "  ana@example.com, day 1, step 1: Left later than it was due: its first try was refused for now."
    )


def test_it_refuses_a_script_with_line_and_column(app: Flask, file: Path) -> None:
    (file.parent / "script.yaml").write_text(SCRIPT.replace("soft then fine", "sulk"))
    refused = run(app, "rehearse", file, "--script", file.parent / "script.yaml")
    assert (refused.exit_code, refused.stderr.count("\n")) == (1, 1)
    assert "line 5, column 12" in refused.stderr


def test_it_refuses_what_simulate_refuses(app: Flask, file: Path) -> None:
    assert run(app, "rehearse", file, "--send-at", "2026-11-27T10:00").exit_code == 1
    assert run(app, "rehearse", file, "--task-delay", "soon").exit_code == 2
