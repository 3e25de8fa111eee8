"""A delivery through a stock Postfix, and what its page shows when everything has come back: both feedback tables."""

from __future__ import annotations

from collections import Counter
from email import message_from_bytes

import pytest

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.clock import VirtualClock
from sales_campaigns.deliveries.figures import figures_of
from sales_campaigns.deliveries.logs import sending_log, status_words
from sales_campaigns.deliveries.models import Delivery
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.incoming.facts import parsed
from sales_campaigns.messages.incoming.reports import ReportKind, reports_of
from sales_campaigns.tracking.figures import Engagement
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.deliveries import confirmed
from tests.mta.coming_back import FATES, KEPT, addresses, move_in, send_and_read, working_with
from tests.mta.post_office import PostOffice
from web.pages.deliveries.delivery_words import kpi_rows

pytestmark = pytest.mark.mta
RECEIPTS = sum("receipt" in fate.received for fate in FATES)
# The fates that differ most on the way, by the address that has them.
LOG = {
    "nobody1@here.example": "Failed",  # hard, at the door
    "nobody1@there.example": "Failed",  # hard, later
    "full1@there.example": "Sent",  # delayed, then delivered
    "stuffed1@there.example": "Failed",  # a full mailbox: delayed, then failed
    "maria1@there.example": "Sent",
}


@pytest.mark.parametrize("notices", [True, False], ids=["with feedback", "without"])
def test_the_page_shows_the_same_in_the_end_with_and_without_the_feedback_service(
    office: PostOffice, room: PostRoom, clock: VirtualClock, work: Work, cast: Cast, notices: bool
) -> None:
    with work() as uow:
        move_in(uow, office, room, uow.session.get_one(Mailbox, cast.ana_box.id))
        for email in addresses(each=1):
            a_person(uow, cast.ana, email)
    number = confirmed(work, cast.cleo, mailbox_id=cast.ana_box.id)
    with working_with(office, room, notices=notices) as room:
        kept = KEPT if notices else KEPT - RECEIPTS
        send_and_read(room, clock, office, each=1, seconds=40, kept=kept)
    with work() as uow:
        delivery = uow.session.get_one(Delivery, number)
        figures = figures_of(uow.session, delivery)
        log = {line.email: status_words(line) for line in sending_log(uow.session, delivery)}
    assert (figures.handed, figures.relayed, figures.uncertain) == (10, 0, 0)
    shown = {row["name"]: row["of"] for row in kpi_rows(figures, Engagement(), "")}
    assert shown["Delivered"] == "50.0 % of handed off · 50.0 % of targeted"
    assert shown["Bounces + errors"] == "50.0 % of handed off"
    assert {email: log[email] for email in LOG} == LOG
    copies = Counter(message_from_bytes(raw)["Message-ID"] for raw in office.copies())
    assert not [name for name, times in copies.items() if times > 1], "never two copies in a mailbox"
    arrived = Counter(
        report.original_message_id
        for raw in office.inbox()
        for report in reports_of(parsed(raw))
        if report.kind is ReportKind.DELIVERED
    )
    assert not [name for name, times in arrived.items() if times > 1], "no server delivered one twice"
