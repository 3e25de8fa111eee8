"""A series on its page and from the command line: explained, started, listed; bad input beside its field."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from sales_campaigns.accounts.models import User
from sales_campaigns.clock import VirtualClock
from sales_campaigns.deliveries.inputs import Settings as Sending
from sales_campaigns.deliveries.inputs import StartBy
from tests.builders import a_delivery
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.deliveries import delivery, let_jobs_run
from tests.pages.conftest import Browser

Browse = Callable[[User], Browser]


@pytest.fixture
def written(work: Work, cast: Cast) -> int:
    with work() as uow:
        a_person(uow, cast.ana, "a@example.com")
        return a_delivery(uow, cast.cleo, settings=Sending(start_by=StartBy.NO_ERROR)).id


def typed(clock: VirtualClock, **fields: Any) -> dict[str, Any]:
    first = f"{clock.now().date() + timedelta(days=1)}T09:00"
    return {"every": "days", "interval": "1", "first": first, "zone": "Europe/Stockholm", **fields}


def test_it_is_explained_started_and_its_runs_are_listed(
    work: Work, cast: Cast, clock: VirtualClock, browse: Browse, written: int
) -> None:
    cleo, page = browse(cast.cleo), f"/deliveries/{written}/series"
    before = cleo.get(page).text
    assert "Single" in before and "Recurring" in before and "weekly makes 52 deliveries a year" in before
    assert cleo.post(page, typed(clock)).status_code == 303
    assert "Every day from" in cleo.get(page).text and "No run yet" in cleo.get(page).text
    clock.forward(timedelta(days=2))
    let_jobs_run(work)
    after = cleo.get(page).text
    assert "Made" in after and "In progress" in after
    assert "deliveries of their own" in cleo.get(f"/deliveries/{written}").text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"every": "minutes", "interval": "5"}, "at most every 15 minutes"),
        ({"interval": "often"}, "Write a whole number."),
        ({"first": ""}, "Choose the date and time of the first run."),
        ({"every": "aeons"}, "Choose minutes, days, weeks, months or a cron rule."),
        ({"opens": "10:00"}, "Choose both ends"),
    ],
)
def test_what_is_refused_stands_beside_its_field_and_nothing_is_lost(
    cast: Cast, clock: VirtualClock, browse: Browse, written: int, fields: dict[str, str], words: str
) -> None:
    answer = browse(cast.cleo).post(
        f"/deliveries/{written}/series", typed(clock, **{"zone": "Asia/Tokyo", **fields})
    )
    assert answer.status_code == 422
    assert words in answer.text and "Asia/Tokyo" in answer.text


def test_a_run_that_nobody_confirmed_is_told_on_today(
    work: Work, cast: Cast, clock: VirtualClock, browse: Browse
) -> None:
    cleo = browse(cast.cleo)
    with work() as uow:
        a_person(uow, cast.ana, "a@example.com")
        made = a_delivery(uow, cast.cleo).id
    cleo.post(f"/deliveries/{made}/series", typed(clock, asks="1"))
    for _day in range(2):
        clock.forward(timedelta(days=1))
        clock.forward(timedelta(hours=12))
        let_jobs_run(work)
    today = cleo.get("/").text
    assert "in time: nothing was sent" in today and "waits for a confirmation" in today


def test_it_is_made_from_the_command_line(
    app: Flask, work: Work, cast: Cast, clock: VirtualClock, written: int
) -> None:
    user = ["--user", "cleo@north.example"]
    first = f"{clock.now().date() + timedelta(days=1)}T09:00"
    asked = ["delivery", "repeat", str(written), *user, "--every", "weeks", "--first", first]
    done = app.test_cli_runner().invoke(args=asked)
    assert done.exit_code == 0, done.output
    assert delivery(work, written).kind.value == "recurring"
    clock.forward(timedelta(days=2))
    let_jobs_run(work)
    told = app.test_cli_runner().invoke(args=["delivery", "runs", str(written), *user])
    assert " made in_progress" in told.output


def test_whoever_may_only_prepare_is_told_who_can(
    app: Flask, work: Work, cast: Cast, clock: VirtualClock, browse: Browse, written: int
) -> None:
    """Starting, editing a series and changing who starts it: refused by page and command line, with names."""
    with work() as uow:
        uow.session.get_one(User, cast.ben.id).can_prepare = True
        box = cast.ben_box.id
    ben, form = browse(cast.ben), {"name": "Mine", "subject": "Hi", "html": "<p>Hi</p>", "mailbox": str(box)}
    mine = {**form, "audience": "everybody", "validity_hours": "24", "zone": "UTC"}
    by_itself = ben.post("/deliveries", {**mine, "start_by": "no_error"})
    starting = ben.post(f"/deliveries/{written}/series", typed(clock))
    assert browse(cast.cleo).post(f"/deliveries/{written}/series", typed(clock)).status_code == 303
    editing = ben.post(f"/deliveries/{written}/edit", mine)
    for refused in (by_itself, starting, editing):
        assert refused.status_code == 403 and "Who has it: Cleo Martin" in refused.text
    user, first = ["--user", "ben@north.example"], f"{clock.now().date() + timedelta(days=1)}T09:00"
    for asked in (["repeat", str(written), "--every", "days", "--first", first], ["stop", str(written)]):
        told = app.test_cli_runner().invoke(args=["delivery", *asked, *user])
        assert told.exit_code == 1 and "Who has it: Cleo Martin" in told.output
