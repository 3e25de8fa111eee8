"""`flask campaign launch`: what it tells, what it asks, what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from sales_campaigns.campaigns.planner import SendOption
from sales_campaigns.enrollments.models import Enrollment, StepRun
from sales_campaigns.people.groups import add_to_group, create_group
from tests.builders import a_call, a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work


@pytest.fixture(autouse=True)
def campaign(work: Work, cast: Cast) -> None:
    with work() as uow:
        a_campaign(uow, cast.ana, [a_mail(uow, 1)])
        a_campaign(uow, cast.ana, [a_call(1), a_mail(uow, 2, send=SendOption.TASK)], name="By hand")
        ids = [a_person(uow, cast.ana, f"p{n}@example.com", zone="America/New_York").id for n in range(3)]
        add_to_group(uow, cast.ana, create_group(uow, cast.ana, "CFOs").id, ids)


def _launch(app: Flask, *more: str, name: str = "Q4 outreach", answer: str = "") -> Result:
    arguments = ["campaign", "launch", name, "--user", "ana@north.example", *more]
    return app.test_cli_runner().invoke(args=arguments, input=answer)


def _started(work: Work) -> int:
    with work() as uow:
        return len(uow.session.scalars(sa.select(Enrollment.id)).all())


def test_it_starts_a_group_and_prints_json(app: Flask, work: Work) -> None:
    result = _launch(app, "--group", "CFOs", "--yes", "--json")
    assert result.exit_code == 0, result.output
    data = json.loads(result.stdout)
    assert (data["targeted"], data["to_deliver"], data["excluded"], data["unknown"]) == (3, 3, [], [])
    assert data["launch"] and data["begins"] == data["finishes"] == "2026-11-30T08:00:00+00:00"
    assert _started(work) == 3
    again = json.loads(_launch(app, "--group", "CFOs", "--json").stdout)
    assert again["launch"] is None and {one["cause"] for one in again["excluded"]} == {"active"}


def test_it_starts_the_known_people_of_a_file_and_names_the_others(
    app: Flask, work: Work, tmp_path: Path
) -> None:
    path = tmp_path / "people.csv"
    path.write_text("E-mail;First name\nP1@example.com;Maria\nnew@example.com;Nils\n")
    result = _launch(app, "--people", str(path), "--yes")
    assert result.exit_code == 0, result.output
    assert "1 person of 1 can be added." in result.stdout and "1 person started." in result.stdout
    assert "new@example.com is nobody of your team: import people first." in result.stdout
    assert _started(work) == 1


def test_it_asks_with_the_number_and_takes_no(app: Flask, work: Work) -> None:
    refused = _launch(app, "--group", "CFOs", answer="n\n")
    assert "Start 3 people?" in refused.stdout and refused.exit_code == 1 and _started(work) == 0
    assert _launch(app, "--group", "CFOs", answer="y\n").exit_code == 0 and _started(work) == 3


def test_with_json_and_without_yes_it_only_tells(app: Flask, work: Work) -> None:
    assert json.loads(_launch(app, "--group", "CFOs", "--json").stdout)["to_deliver"] == 3
    assert _started(work) == 0


@pytest.mark.parametrize(("more", "hour"), [([], 14), (["--recipients-zone"], 20)])
def test_the_first_mail_leaves_when_it_is_told(app: Flask, work: Work, more: list[str], hour: int) -> None:
    result = _launch(app, "--group", "CFOs", "--send-at", "2026-12-01T15:00", "--yes", "--json", *more)
    assert result.exit_code == 0, result.output
    with work() as uow:
        assert {due.hour for due in uow.session.scalars(sa.select(StepRun.due_at))} == {hour}


@pytest.mark.parametrize(
    ("name", "more", "code", "words"),
    [
        ("Q4 outreach", [], 2, "Name the people"),
        ("Q4 outreach", ["--group", "Nobody"], 1, "There is no group called “Nobody”."),
        ("No such", ["--group", "CFOs"], 1, "no campaign called “No such” in North"),
        ("By hand", ["--group", "CFOs", "--send-at", "2026-12-01T15:00"], 1, "leave --send-at out"),
        ("Q4 outreach", ["--group", "CFOs", "--send-at", "2026-11-30T08:59", "--yes"], 1, "has passed"),
    ],
)
def test_it_refuses_with_one_line(
    app: Flask, work: Work, name: str, more: list[str], code: int, words: str
) -> None:
    result = _launch(app, *more, name=name)
    assert result.exit_code == code and words in result.stderr
    assert _started(work) == 0
