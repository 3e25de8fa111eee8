"""Retention: off unless somebody says otherwise; old rows go a few at a time, and every figure stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from sales_campaigns.clock import VirtualClock
from sales_campaigns.deliveries.computing import compute_stats
from sales_campaigns.deliveries.figures import causes_of, engagement_of_delivery, figures_of
from sales_campaigns.deliveries.models import Delivery, Exclusion, KeptFigures, Preparation
from sales_campaigns.deliveries.retention.keeping import change_retention
from sales_campaigns.deliveries.retention.removing import ABOVE, remove_old
from sales_campaigns.errors import IllegalMove, Invalid, NotAllowed
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.incoming.models import MailKind, ReceivedMail
from sales_campaigns.messages.models import Attempt, Message
from sales_campaigns.schema import METADATA
from sales_campaigns.tracking.models import EventKind, TrackingEvent
from scheduler.jobs import run_until_quiet
from tests.builders import a_delivery
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.deliveries import confirmed, prepared, said
from tests.outgoing import due_mails
from tests.sink import Sink

ALL = {"tracking_days": "30", "exclusion_days": "30", "sending_days": "30"}


@pytest.fixture
def over(work: Work, cast: Cast, room: PostRoom, sink: Sink) -> int:
    """Finished: three got it, one was unknown, one left out; two opened it, one clicked twice."""
    with work() as uow:
        for name in "abcd":
            a_person(uow, cast.ana, f"{name}@example.com")
        gone = a_person(uow, cast.ana, "gone@example.com")
        assert gone.address is not None
        gone.address.opted_out_at = uow.now
    sink.obey(
        lambda position, argument: "550 5.1.1 no" if position == "RCPT" and "d@ex" in argument else None
    )
    number = confirmed(work, cast.cleo)
    run_until_quiet(room)
    with work() as uow:
        first, second, *_ = uow.session.scalars(sa.select(Message.id).order_by(Message.id))
        for message, kind in (
            (first, EventKind.OPEN),
            (first, EventKind.CLICK),
            (first, EventKind.CLICK),
            (second, EventKind.OPEN),
        ):
            uow.session.add(TrackingEvent(message_id=message, kind=kind, at=uow.now))
    return number


def ask(work: Work, cast: Cast, **typed: str) -> None:
    with work() as uow:
        change_retention(uow, cast.cleo, typed)


def shown(work: Work, number: int) -> tuple[Any, ...]:
    with work() as uow:
        delivery = uow.session.get_one(Delivery, number)
        return (
            figures_of(uow.session, delivery),
            causes_of(uow.session, delivery),
            engagement_of_delivery(uow.session, delivery),
        )


def counts(work: Work) -> list[int]:
    with work() as uow:
        return [
            uow.session.scalar(sa.select(sa.func.count()).select_from(rows)) or 0
            for rows in (TrackingEvent, Exclusion, Message, Attempt)
        ]


def remove(work: Work, batch: int = 500) -> int:
    with work() as uow:
        return remove_old(uow, batch)


def test_nothing_is_removed_unless_somebody_says_so(work: Work, over: int, clock: VirtualClock) -> None:
    clock.forward(timedelta(days=4_000))
    assert remove(work) == 0


def test_rows_go_in_small_batches_and_every_figure_stays(
    work: Work, cast: Cast, over: int, clock: VirtualClock
) -> None:
    before = shown(work, over)
    assert counts(work) == [4, 1, 4, 4]
    ask(work, cast, **ALL)
    clock.forward(timedelta(days=29))
    assert remove(work) == 0
    clock.forward(timedelta(days=2))
    batches = []
    while (gone := remove(work, 1)) != 0:
        batches.append(gone)
        assert shown(work, over) == before, "at every moment"
    assert all(number <= 3 for number in batches), "one of each log"
    assert counts(work) == [0, 0, 0, 0]
    with work() as uow:
        kept = uow.session.scalars(sa.select(KeptFigures)).one()
        assert kept.tracking_removed_at and kept.exclusions_removed_at and kept.sending_removed_at


@pytest.mark.parametrize(
    ("log", "left"),
    [
        ("tracking_days", [0, 1, 4, 4]),
        ("exclusion_days", [4, 0, 4, 4]),
        ("sending_days", [0, 1, 0, 0]),
    ],
)
def test_each_log_has_its_own_days(
    work: Work, cast: Cast, over: int, clock: VirtualClock, log: str, left: list[int]
) -> None:
    before = shown(work, over)
    ask(work, cast, **{log: "30"})
    clock.forward(timedelta(days=31))
    while remove(work):
        pass
    assert counts(work) == left and shown(work, over) == before


def test_what_is_not_over_and_mails_of_campaigns_stay(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, clock: VirtualClock
) -> None:
    due_mails(work, cast, "maria@example.com")
    run_until_quiet(room)
    prepared(work, cast.cleo)
    ask(work, cast, **ALL)
    clock.forward(timedelta(days=400))
    assert remove(work) == 0 and counts(work)[2] == 1


def test_a_mail_that_was_answered_stays(work: Work, cast: Cast, over: int, clock: VirtualClock) -> None:
    with work() as uow:
        message = uow.session.scalars(sa.select(Message).order_by(Message.id)).first()
        assert message is not None
        uow.session.add(
            ReceivedMail(
                team_id=cast.ana.team_id,
                mailbox_id=cast.ana_box.id,
                user_id=cast.ana.id,
                uid="1",
                at=uow.now,
                kind=MailKind.REPLY,
                person_id=message.person_id,
                answers_id=message.id,
                raw=b"Subject: Yes",
            )
        )
    before = shown(work, over)
    ask(work, cast, **ALL)
    clock.forward(timedelta(days=31))
    while remove(work):
        pass
    assert counts(work)[2] == 1 and shown(work, over) == before


def test_whatever_refers_to_a_message_is_looked_at() -> None:
    """Rows that go with their message are of no concern; all others keep it."""
    refers = {
        (key.parent.table.name, key.parent.name)
        for table in METADATA.tables.values()
        for key in table.foreign_keys
        if key.column.table.name == "message" and key.ondelete != "CASCADE"
    }
    known = {
        ("message", "follows_id"),
        ("received_mail", "answers_id"),
        ("received_mail", "answer_id"),
        ("draft", "answers_id"),
    }
    assert refers == known | set(ABOVE)


@pytest.mark.parametrize("written", ["0", "29", "4000", "soon", "-5", "1.5"])
def test_what_is_no_number_of_days_is_refused(work: Work, cast: Cast, written: str) -> None:
    with pytest.raises(Invalid) as refusal:
        ask(work, cast, sending_days=written)
    assert set(refusal.value.problems) == {"sending_days"}


def test_only_administrators_change_it(work: Work, cast: Cast) -> None:
    with pytest.raises(NotAllowed), work() as uow:
        change_retention(uow, cast.ana, ALL)


class TestComputeStats:
    """Rebuilds every figure from the rows and must change nothing when all is well."""

    def test_it_changes_nothing_when_all_is_well(self, work: Work, cast: Cast, over: int) -> None:
        before = shown(work, over), said(work, over)
        with work() as uow:
            assert compute_stats(uow, cast.cleo, over) == []
        assert (shown(work, over), said(work, over)) == before
        with work() as uow:
            assert uow.session.get_one(Preparation, over).computed_at == uow.now

    def test_it_mends_a_stored_figure_and_says_so(self, work: Work, cast: Cast, over: int) -> None:
        with work() as uow:
            wrong = {"excluded": 3, "targeted": 7}
            uow.session.execute(sa.update(Preparation).values(**wrong))
        with work() as uow:
            assert compute_stats(uow, cast.cleo, over) == [
                "excluded was 3 and is 1.",
                "targeted was 7 and is 5.",
            ]
        with work() as uow:
            assert uow.session.get_one(Preparation, over).targeted == 5
            assert compute_stats(uow, cast.cleo, over) == []
        assert any("excluded was 3" in line for line in said(work, over))

    def test_kept_figures_are_not_held_against_rows_that_are_gone(
        self, work: Work, cast: Cast, over: int, clock: VirtualClock
    ) -> None:
        before = shown(work, over)
        ask(work, cast, **ALL)
        clock.forward(timedelta(days=31))
        while remove(work):
            pass
        with work() as uow:
            assert compute_stats(uow, cast.cleo, over) == []
        assert shown(work, over) == before

    def test_before_the_first_preparation_there_is_nothing_to_compute(self, work: Work, cast: Cast) -> None:
        with pytest.raises(IllegalMove), work() as uow:
            compute_stats(uow, cast.cleo, a_delivery(uow, cast.cleo).id)
