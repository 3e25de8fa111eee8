"""`flask people import`: what it prints, what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from sales_campaigns.people.models import Group, GroupMember, Person
from sales_campaigns.settings import Settings
from tests.cast import Cast
from tests.conftest import Work

DATA = Path(__file__).parent.parent / "data" / "people"


def _import(app: Flask, *more: str, file: str = "awkward-utf16-tab.txt") -> Result:
    return app.test_cli_runner().invoke(args=["people", "import", str(DATA / file), *more])


def test_it_imports_into_a_group_and_lists_bad_rows(
    app: Flask, cast: Cast, work: Work, settings: Settings
) -> None:
    result = _import(app, "--user", cast.ana.email, "--group", "Fair", "--json")
    assert result.exit_code == 0, result.output
    data = json.loads(result.stdout)
    assert (data["new"], data["merged"], data["bad_rows"]) == (43, 1, 6)
    assert data["bad"][0]["row"] == 43 and data["repeated"] == [{"row": 42, "first": 3}]
    with work() as uow:
        assert uow.session.scalar(sa.select(sa.func.count()).select_from(GroupMember)) == 43
        assert uow.session.scalars(sa.select(Group.name)).one() == "Fair"
    assert list((settings.data_dir / "uploads").iterdir()) == []


def test_it_says_what_would_happen_and_imports_nothing(
    app: Flask, cast: Cast, work: Work, settings: Settings
) -> None:
    result = _import(app, "--user", cast.ana.email, "--group", "Fair", "--dry-run")
    assert "Dry run, nothing was imported: 43 new, 1 merged, 6 left out." in result.stdout
    assert "row 47: “Mars/Olympus” is not a time zone" in result.stdout
    with work() as uow:
        assert uow.session.scalars(sa.select(Person.id)).all() == []
        assert uow.session.scalars(sa.select(Group.id)).all() == []
    assert list((settings.data_dir / "uploads").iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "file", "words"),
    [
        (["--user", "ana@north.example"], "unclosed-quote.csv", "row 12"),
        (["--user", "nobody@north.example"], "clean-500.csv", "nobody@north.example"),
    ],
)
def test_it_refuses_with_one_line(
    app: Flask, cast: Cast, work: Work, arguments: list[str], file: str, words: str
) -> None:
    result = _import(app, *arguments, file=file)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ") and words in result.stderr and result.stderr.count("\n") == 1
    with work() as uow:
        assert uow.session.scalars(sa.select(Person.id)).all() == []
