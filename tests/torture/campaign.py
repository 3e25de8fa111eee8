"""A campaign launched for many people, made with the product's own use cases."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.clock import SystemClock
from sales_campaigns.database import make_sessions
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.people.models import Address, Person
from sales_campaigns.unit_of_work import UnitOfWork, unit_of_work
from tests.builders import a_campaign, a_mail
from tests.cast import Cast, cast_of

HELLO = "<p>Hello {{ first_name }}</p>"
NO_LIMIT = 1_000_000  # mails a day


def launch_for(engine: Engine, people: int, port: int, *, bulk: bool = False, html: str = HELLO) -> None:
    """Ana launches a campaign of one mail, due at once, for so many people; it leaves through `port`."""
    with unit_of_work(make_sessions(engine), SystemClock()) as uow:
        cast = cast_of(uow)
        uow.session.execute(sa.update(Mailbox).values(port=port, daily_limit=NO_LIMIT))
        ids = add_people(uow, cast, people)
        campaign = one_mail(uow, cast, html)
        row = launch(uow, cast.cleo, Order(campaign.id, ids, mailbox_id=own_box(uow, cast)), limit=people)
        assert row.started == people
        uow.session.execute(sa.update(Mailbox).values(bulk_lane=bulk))


def one_mail(uow: UnitOfWork, cast: Cast, html: str = HELLO) -> Campaign:
    """A mail on the first day, whenever it is launched."""
    return a_campaign(uow, cast.ana, [a_mail(uow, 1, html=html)])


def launch_from_boxes(engine: Engine, boxes: int, each: int, port: int, *, a_day: int = NO_LIMIT) -> None:
    """Cleo launches a campaign of one mail, due at once, from so many mailboxes for `each` people of her team.

    Under a limit `a_day` half of the mailboxes have it when the campaign is launched, so that the rest is planned for
    later days; the others begin to ramp up with so many a day when all their mails are due.
    """
    with unit_of_work(make_sessions(engine), SystemClock()) as uow:
        cast = cast_of(uow)
        people, campaign = add_people(uow, cast, boxes * each), one_mail(uow, cast)
        for number in range(boxes):
            limit = NO_LIMIT if number % 2 else a_day
            box = own_box(uow, cast, f"rep{number}@north.example", port=port, daily_limit=limit)
            ids = people[number * each : (number + 1) * each]
            launch(uow, cast.cleo, Order(campaign.id, ids, mailbox_id=box), limit=each)
        if a_day < NO_LIMIT:
            ramp = {"ramp_first": a_day, "ramp_begins": uow.now.date()}
            uow.session.execute(sa.update(Mailbox).where(Mailbox.daily_limit == NO_LIMIT).values(**ramp))


def own_box(uow: UnitOfWork, cast: Cast, address: str = "", **fields: int) -> int:
    """A mailbox of Cleo: with the right to start deliveries she may launch for many at once."""
    usual = {"port": cast.ana_box.port, "daily_limit": NO_LIMIT, **fields}
    box = Mailbox(
        user_id=cast.cleo.id,
        provider="smtp",
        address=address or cast.cleo.email,
        host="127.0.0.1",
        security="none",
        **usual,
    )
    uow.session.add(box)
    uow.session.flush()
    return box.id


def add_people(uow: UnitOfWork, cast: Cast, count: int, first: int = 0) -> list[int]:
    """Ana's people, numbered from `first`, a thousand rows a statement: setting up is not what is measured."""
    emails = [f"person{number:06}@example.com" for number in range(first, first + count)]
    addresses = uow.session.scalars(
        sa.insert(Address).returning(Address.id, sort_by_parameter_order=True),
        [{"email": email, "domain": "example.com"} for email in emails],
    ).all()
    rows = [
        {
            "team_id": cast.ana.team_id,
            "owner_id": cast.ana.id,
            "email": email,
            "address_id": address_id,
            "first_name": f"Maria {number}",
            "last_name": "Santos",
            "company": "Fjord Energy",
            "zone": "Europe/Stockholm",
            "created_at": uow.now,
            "changed_at": uow.now,
        }
        for number, (email, address_id) in enumerate(zip(emails, addresses, strict=True), first)
    ]
    return list(uow.session.scalars(sa.insert(Person).returning(Person.id), rows))
