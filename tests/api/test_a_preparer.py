"""Whoever may prepare and not start: no mail leaves by a program or a campaign file; each refusal names who can.

The same by pages and by commands: tests/pages/test_delivery_pages.py, tests/pages/test_delivery_command.py.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from sales_campaigns.accounts.models import User
from sales_campaigns.campaigns.listing import campaign_of
from sales_campaigns.clock import VirtualClock
from sales_campaigns.deliveries.inputs import Schedule, StartBy
from sales_campaigns.deliveries.inputs import Settings as Sending
from sales_campaigns.deliveries.series import start_series
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.messages.models import Message
from tests.api.conftest import Program
from tests.api.test_bad_deliveries import FINE
from tests.builders import a_campaign, a_delivery, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.deliveries import confirmed, let_jobs_run, prepared
from tests.topics.test_series import a_rule

RHYTHM = {"every": "weeks", "first": "2026-12-07T09:00", "zone": "Europe/Stockholm"}
BY_ITSELF = {**FINE, "settings": {"start_by": "no_error"}}


@pytest.fixture
def preparer(work: Work, cast: Cast) -> User:
    with work() as uow:
        ben = uow.session.get_one(User, cast.ben.id)
        ben.can_prepare = True
        a_person(uow, cast.ana)
        return ben


def mails(work: Work) -> int:
    with work() as uow:
        return uow.session.scalar(sa.select(sa.func.count()).select_from(Message)) or 0


def test_no_mail_leaves_by_any_program(
    program: Callable[..., Program], work: Work, cast: Cast, preparer: User, clock: VirtualClock
) -> None:
    """Confirm, start by itself, a confirmed one edited or taken back, a series begun or edited: 0 mails."""
    ready = prepared(work, preparer)
    dated = confirmed(work, cast.cleo, schedule=Schedule("2026-12-02T09:00", "Europe/Stockholm"))
    with work() as uow:
        plain = a_delivery(uow, preparer).id
        model = a_delivery(uow, cast.cleo, settings=Sending(start_by=StartBy.NO_ERROR))
        series = start_series(uow, cast.cleo, model.id, a_rule(clock)).id
    ben = program(preparer)
    tries = {
        "confirm": ben.post(f"/deliveries/{ready}/confirm"),
        "by itself": ben.post("/deliveries", BY_ITSELF),
        "by itself from now on": ben.edit("PUT", f"/deliveries/{ready}", BY_ITSELF),
        "edit what is confirmed": ben.edit("PUT", f"/deliveries/{dated}", FINE),
        "take it back": ben.post(f"/deliveries/{dated}/unschedule"),
        "begin a series": ben.post(f"/deliveries/{plain}/series", RHYTHM),
        "edit a confirmed series": ben.edit("PUT", f"/deliveries/{series}", FINE),
    }
    for tried, answer in tries.items():
        assert answer.status_code == 403 and "Cleo Martin" in answer.text, tried
    let_jobs_run(work)
    assert mails(work) == 0


def test_no_mail_leaves_or_changes_by_a_campaign_file(
    app: Flask, work: Work, cast: Cast, preparer: User, tmp_path: Path
) -> None:
    """A file changed for people of a colleague is not put into force, and says who can."""
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="10:00")])
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana, "noah@example.com").id]))
        name = campaign_of(uow.session, cast.ana, campaign.id).name
    call = app.test_cli_runner().invoke
    written = call(args=["campaign", "export", name])
    assert written.exit_code == 0, written.output
    file = tmp_path / "campaign.yaml"
    file.write_text(written.output.replace("10:00", "11:00"), encoding="utf-8")
    before = mails(work)
    refused = call(args=["campaign", "apply", str(file), "--user", "ben@north.example", "--yes"])
    assert refused.exit_code == 1 and "Cleo Martin" in refused.output
    assert mails(work) == before == 1


def test_people_of_a_colleague_are_not_launched(
    program: Callable[..., Program], work: Work, cast: Cast, preparer: User
) -> None:
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1)]).id
        noah = a_person(uow, cast.ana, "noah@example.com").id
    answer = program(preparer).post(f"/campaigns/{campaign}/launches", {"people": [noah]})
    assert answer.status_code == 403 and "Cleo Martin" in answer.text
    assert mails(work) == 0
