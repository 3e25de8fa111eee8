"""Pages that no address alone leads to: they need a question, another state of a row, or a step before them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from werkzeug.test import TestResponse

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.content.wordings import wording_of
from sales_campaigns.crm.models import ConnectionState, CrmConnection
from sales_campaigns.deliveries.approvals import ask_approval
from sales_campaigns.deliveries.models import ApprovalKind
from sales_campaigns.deliveries.preparing import prepare, prepare_chunk
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.leaving import deactivate_sender
from sales_campaigns.messages.models import Message
from sales_campaigns.people.models import Person
from sales_campaigns.unit_of_work import UnitOfWork
from tests.builders import a_call, a_campaign, a_delivery
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.pages.conftest import Browser
from tests.pages.forms import forms_of
from tests.pages.test_every_route import an_ab_test
from tests.stand_ins.worlds import service_key

Ids = dict[str, Any]
LAUNCH = ("check", "mails", "timing", "confirm")


@dataclass(frozen=True)
class Furnished:
    """`asked` are addresses with a question or of a row in another state; `newcomer` is in no campaign yet."""

    ids: Ids
    asked: list[str]
    newcomer: int


def furnish(work: Work, cast: Cast, ids: Ids) -> Furnished:
    """What the rows of `ids` leave out, and where it is to be seen."""
    with work() as uow:
        out = uow.session.scalars(sa.select(Person.id).where(Person.email == "out@example.com")).one()
        uow.session.get_one(CrmConnection, ids["connection_id"]).state = ConnectionState.CONNECTED
        somebody_left(uow, cast)
        a_relay(uow, cast)
        tried, prepared = a_delivery(uow, cast.cleo, name="To be tried"), a_prepared_delivery(uow, cast)
        an_ab_test(uow, tried, wording_of(uow.session, "Hello again", "<p>Hello</p>").id)
        leaves_later(uow, ids["message_id"])
        newcomer = a_person(uow, cast.ana, "new@example.com").id
        return Furnished(ids, [*asked_for(ids, out), *of_deliveries(tried.id, prepared)], newcomer)


def asked_for(ids: Ids, out: int) -> Iterator[str]:
    campaign, person = f"/campaigns/{ids['campaign_id']}", ids["person_id"]
    yield f"/compose?person={person}"
    yield f"/compose/templates?person={person}"
    yield "/people?words=maria"
    yield f"/people/{out}"
    yield f"/people/duplicates/merge?kept={person}&gone={out}"
    yield "/admin/quarantine?list=blocked"
    yield f"{campaign}/detour?do=jump&people={ids['enrollment_id']}"
    yield f"{campaign}/detour?do=move&people={ids['enrollment_id']}"


def of_deliveries(tried: int, prepared: int) -> Iterator[str]:
    for page in ("", "/edit", "/series", "/continuous", "/ab-test"):
        yield f"/deliveries/{tried}{page}"
    yield f"/deliveries/{prepared}"
    yield f"/deliveries/{prepared}/exclusions"


def a_prepared_delivery(uow: UnitOfWork, cast: Cast) -> int:
    """Somebody is excluded, and Cleo is asked for her word."""
    made = a_delivery(uow, cast.cleo, name="To be approved")
    ask_approval(uow, cast.cleo, made.id, ApprovalKind.CONTENT, [cast.cleo.id])
    prepare(uow, cast.cleo, made.id)
    while prepare_chunk(uow, made.id):
        pass
    return made.id


def leaves_later(uow: UnitOfWork, message_id: int) -> None:
    message = uow.session.get_one(Message, message_id)
    message.due_at = message.act_at = uow.now + timedelta(hours=1)
    message.valid_until = uow.now + timedelta(days=1)


def a_relay(uow: UnitOfWork, cast: Cast) -> None:
    """Cleo sends through one that reports."""
    box = Mailbox(user_id=cast.cleo.id, provider="smtp", address=cast.cleo.email, host="127.0.0.1")
    box.relay_reports = True
    uow.session.add(box)


def somebody_left(uow: UnitOfWork, cast: Cast) -> None:
    """Ben, with somebody on the way."""
    person = a_person(uow, cast.ben, "left@example.com")
    campaign = a_campaign(uow, cast.ben, [a_call(1)], "Of Ben")
    launch(uow, cast.ben, Order(campaign.id, [person.id]))
    deactivate_sender(uow, cast.cleo, cast.ben.id)


def turned_to(browser: Browser, furnished: Furnished) -> Iterator[tuple[str, TestResponse]]:
    """(address, answer) of pages that stand at no address: what follows on a form that was sent."""
    yield from steps_of_a_launch(browser, furnished)
    rewritten = {"message": furnished.ids["message_id"], "do": "edit"}
    yield "/emails/bulk/edit", browser.post("/emails/bulk", rewritten)
    yield "/tasks/bulk", browser.post("/tasks/bulk", {"do": "due", "due": "soon"})
    browser.post("/admin/mailboxes/gmail/key", {"key": service_key()})
    yield "/admin/mailboxes", browser.get("/admin/mailboxes")


def steps_of_a_launch(browser: Browser, furnished: Furnished) -> Iterator[tuple[str, TestResponse]]:
    address = f"/campaigns/{furnished.ids['campaign_id']}/launch"
    answer = browser.get(address, query_string={"people": furnished.newcomer})
    for step in LAUNCH:
        [form] = [one for one in forms_of(answer.text, address) if one.action == address]
        answer = browser.post(address, {**dict(form.values), "csrf_token": browser.token, "to": step})
        yield address, answer
