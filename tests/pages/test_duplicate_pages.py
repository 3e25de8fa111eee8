"""Duplicates: the list of who is probably there twice, and the page that makes one of two."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.people.models import Person
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.pages.conftest import Browser
from tests.pages.parts import text

Browse = Callable[[User], Browser]
MERGE = "/people/duplicates/merge"


@pytest.fixture
def pair(work: Work, cast: Cast) -> tuple[int, int]:
    with work() as uow:
        one = a_person(uow, cast.ana, "maria@example.com")
        return one.id, a_person(uow, cast.ana, "m@example.com", title="CFO").id


def test_two_are_listed_chosen_between_and_made_one(
    browse: Browse, work: Work, cast: Cast, pair: tuple[int, int]
) -> None:
    ana = browse(cast.ana)
    assert "Nobody is there twice" in browse(cast.dirk).get("/people/duplicates").text
    listed = text(ana.get("/people/duplicates").text)
    assert "Name and company" in listed and "m@example.com" in listed
    form = text(ana.get(f"{MERGE}?kept={pair[0]}&gone={pair[1]}").text)
    assert "Job title" in form and "First name" not in form and "This cannot be undone." in form
    done = ana.post(MERGE, {"kept": pair[0], "gone": pair[1], "title": "theirs", "email": "mine"})
    assert done.headers["Location"].endswith(f"/people/{pair[0]}")
    with work() as uow:
        (person,) = uow.session.scalars(sa.select(Person))
        assert (person.title, person.email) == ("CFO", "maria@example.com")


def test_another_teams_people_are_not_there_and_nobody_can_be_merged_with_themselves(
    browse: Browse, cast: Cast, pair: tuple[int, int]
) -> None:
    dirk, ana = browse(cast.dirk), browse(cast.ana)
    assert dirk.get(f"{MERGE}?kept={pair[0]}&gone={pair[1]}").status_code == 404
    assert dirk.post(MERGE, {"kept": pair[0], "gone": pair[1]}).status_code == 404
    refused = ana.post(MERGE, {"kept": pair[0], "gone": pair[0]})
    assert refused.status_code == 422 and "two people" in refused.text
    assert ana.get(MERGE).status_code == 303
