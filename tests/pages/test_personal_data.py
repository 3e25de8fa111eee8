"""Personal data: the page of administrators and `flask people export` and `erase`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from sales_campaigns.people.models import Person
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.pages.test_every_route import Browse

EMAIL = "maria@example.com"


@pytest.fixture
def person_id(work: Work, cast: Cast) -> int:
    with work() as uow:
        return a_person(uow, cast.ana, EMAIL).id


def _command(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["people", *arguments])


def test_the_page_says_how_much_there_is_and_the_button_carries_the_number(
    browse: Browse, cast: Cast, person_id: int
) -> None:
    shown = browse(cast.cleo).get(f"/admin/personal-data?email={EMAIL}").text
    assert "Maria Santos" in shown and "Erase 1 record and 0 mails" in shown
    by_number = browse(cast.cleo).get(f"/admin/personal-data?person={person_id}").text
    assert EMAIL in by_number


def test_nobody_found_keeps_what_was_typed(browse: Browse, cast: Cast, person_id: int) -> None:
    for typed in ("nobody@example.com", "no address"):
        answer = browse(cast.cleo).get("/admin/personal-data", query_string={"email": typed})
        assert (
            answer.status_code == 404 and typed in answer.text and "Nobody with this address" in answer.text
        )


def test_the_file_is_downloaded_and_the_person_erased(
    work: Work, browse: Browse, cast: Cast, person_id: int
) -> None:
    cleo = browse(cast.cleo)
    file = cleo.post("/admin/personal-data/file", {"person": str(person_id)})
    assert json.loads(file.text)["person"][0]["email"] == EMAIL
    assert file.headers["Content-Disposition"] == f"attachment; filename=person-{person_id}.json"
    done = cleo.post("/admin/personal-data/erase", {"person": str(person_id)})
    assert done.status_code == 303
    assert cleo.get(f"/people/{person_id}").status_code == 404
    assert cleo.post("/admin/personal-data/erase", {"person": str(person_id)}).status_code == 404
    with work() as uow:
        assert uow.session.scalars(sa.select(Person.email)).all() == [""]


def test_the_page_of_a_person_leads_there_for_administrators_only(
    browse: Browse, cast: Cast, person_id: int
) -> None:
    link = f"/admin/personal-data?person={person_id}"
    assert link in browse(cast.cleo).get(f"/people/{person_id}").text
    assert link not in browse(cast.ana).get(f"/people/{person_id}").text


def test_the_command_writes_the_file_and_erases(
    app: Flask, cast: Cast, person_id: int, tmp_path: Path
) -> None:
    told = _command(app, "export", EMAIL, "--user", cast.cleo.email)
    assert json.loads(told.stdout)["person"][0]["id"] == person_id
    file = tmp_path / "maria.json"
    assert _command(app, "export", EMAIL, "--to", str(file), "--user", cast.cleo.email).exit_code == 0
    assert json.loads(file.read_text())["person"][0]["first_name"] == "Maria"
    tried = _command(app, "erase", str(person_id), "--dry-run", "--user", cast.cleo.email)
    assert tried.stdout == "Would be erased: 1 record, 0 mails, 0 received mails and 0 tasks.\n"
    done = _command(app, "erase", EMAIL, "--user", cast.cleo.email, "--json")
    assert json.loads(done.stdout) == {"dry_run": False, "people": 1, "mails": 0, "received": 0, "tasks": 0}


@pytest.mark.parametrize("act", [["export"], ["erase"], ["erase", "--dry-run"]])
def test_the_command_refuses_with_one_line(app: Flask, cast: Cast, person_id: int, act: list[str]) -> None:
    for who, user in ((EMAIL, cast.ana.email), ("nobody@example.com", cast.cleo.email)):
        refused = _command(app, *act, who, "--user", user)
        assert refused.exit_code == 1 and refused.stderr.startswith("Error: ")
        assert len(refused.stderr.splitlines()) == 1
