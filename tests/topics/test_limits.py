"""A mailbox that gets known, domains that are given so many a minute, mailboxes whose mails are reported as spam."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox, MailboxState
from sales_campaigns.accounts.ramping import end_ramp, ramp_mailbox
from sales_campaigns.accounts.ramps import limit_on
from sales_campaigns.clock import VirtualClock, machine_now
from sales_campaigns.enrollments.foreseeing import Question, foresee_campaign
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.errors import IllegalMove, Invalid, NotAllowed
from sales_campaigns.messages.explaining.waiting import traces_of
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Bucket, Message
from sales_campaigns.messages.pace.breaking import stop_what_annoys
from sales_campaigns.messages.pace.buckets import draw_for
from sales_campaigns.messages.pace.limiting import domain_limits, lift_limit, limit_domain
from sales_campaigns.messages.pace.pacing import MAILBOX_FULL, Limit, Wait
from scheduler.jobs import run_until_quiet
from tests.builders import a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.incoming import a_complaint, taken_in
from tests.outgoing import due_mails, message, send, states
from tests.sink import Sink

SIX = tuple(f"{name}@example.com" for name in ("maria", "nils", "olga", "per", "rosa", "sven"))


@pytest.fixture(params=[False, True], ids=["singly", "bulk"])
def bulk(request: pytest.FixtureRequest, work: Work, cast: Cast) -> bool:
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(bulk_lane=request.param))
    return bool(request.param)


def ramp(work: Work, cast: Cast, first: int, percent: int = 100, most: int = 100) -> None:
    with work() as uow:
        typed = {"ramp_first": str(first), "ramp_percent": str(percent), "ramp_most": str(most)}
        ramp_mailbox(uow, cast.ana, typed)


def test_a_new_mailbox_sends_few_a_day_and_more_every_day_and_nothing_is_dropped(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, sink: Sink, bulk: bool
) -> None:
    ids = due_mails(work, cast, *SIX)
    ramp(work, cast, 2)
    send(room)
    assert states(work) == ["sent", "sent", *["pending"] * 4]
    waiting = message(work, ids[2])
    assert waiting.act_at == pytest.approx(clock.now() + timedelta(days=1), abs=timedelta(seconds=5))
    assert waiting.words == "its mailbox is getting known and sends 2 mails today"
    assert waiting.due_at == message(work, ids[0]).due_at, "the plan does not drift"
    clock.forward(timedelta(days=1, minutes=1))
    send(room)
    assert states(work) == ["sent"] * 6, "four on the second day; waiting did not make them late"


def test_why_names_the_ramp(work: Work, cast: Cast, room: PostRoom, sink: Sink) -> None:
    ids = due_mails(work, cast, *SIX)
    ramp(work, cast, 2)
    send(room)
    with work() as uow:
        trace = traces_of(uow.session, [uow.session.get_one(Message, ids[5])], uow.now)[ids[5]]
        told = {gate.name: gate.says for gate in trace.gates}
    assert told["Limit"] == "Its mailbox is getting known and sends 2 mails today."


def test_campaign_mails_are_planned_for_days_with_room_and_simulated_so(
    work: Work, cast: Cast, clock: VirtualClock
) -> None:
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="09:00")])
    ramp(work, cast, 2, 50, 9)
    with work() as uow:
        start = uow.now.astimezone(ZoneInfo(cast.ana.zone)).replace(tzinfo=None)
        found = foresee_campaign(uow, cast.ana, campaign.id, Question(start, cast.ana.zone, number=12))
        begins = uow.session.get_one(Mailbox, cast.ana_box.id).ramp_begins
        assert begins is not None
        for day in found.days:
            assert day.mails <= limit_on(uow.session.get_one(Mailbox, cast.ana_box.id), 500, day.date)
        assert sum(day.mails for day in found.days) == 12 and len(found.days) > 2


def test_a_ramp_is_three_numbers_and_ends_when_its_owner_says_so(work: Work, cast: Cast) -> None:
    with work() as uow, pytest.raises(Invalid) as refusal:
        ramp_mailbox(uow, cast.ana, {"ramp_first": "0", "ramp_percent": "many"})
    assert set(refusal.value.problems) == {"ramp_first", "ramp_percent", "ramp_most"}
    with pytest.raises(Invalid, match="fewer"):
        ramp(work, cast, 10, 50, 5)
    ramp(work, cast, 10)
    with work() as uow:
        assert end_ramp(uow, cast.ana).ramp_begins is None
        assert limit_on(uow.session.get_one(Mailbox, cast.ana_box.id), 500, date(2026, 11, 30)) == 500


@pytest.mark.parametrize("domain", ["Example.com", "*"])
def test_a_domain_is_given_so_many_a_minute_by_all_mailboxes_together(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, sink: Sink, bulk: bool, domain: str
) -> None:
    """The rule: limits for each domain hold across all machines; they delay, they never drop."""
    with work() as uow:
        limit_domain(uow, cast.cleo, {"domain": domain, "per_minute": "20", "one_to_one": "1"})
    ids = due_mails(work, cast, *SIX[:3], "ann@other.example", *SIX[3:])
    send(room)
    assert sorted(states(work)) == [*["pending"] * 4, *["sent"] * 3], "two at once, and the other domain's"
    waiting = next(one for id in ids if (one := message(work, id)).state == "pending")
    assert waiting.words == "example.com is given 20 mails a minute at most"
    for _ in range(4):
        clock.forward(timedelta(minutes=1))
        with work() as uow:
            uow.session.execute(sa.update(Bucket).values(filled_at=machine_now() - timedelta(minutes=1)))
        send(room)
    assert states(work) == ["sent"] * 7 and len(sink.caught) == 7


def test_what_one_mailbox_sends_to_a_domain_the_others_do_not(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    with work() as uow:
        limit_domain(uow, cast.cleo, {"domain": "example.com", "per_minute": "20", "one_to_one": "1"})
        campaign = a_campaign(uow, cast.ben, [a_mail(uow, 1)], "Ben's")
        people = [a_person(uow, cast.ben, f"b{number}@example.com").id for number in range(2)]
        launch(uow, cast.ben, Order(campaign.id, people))
    due_mails(work, cast, *SIX[:2])
    send(room)
    assert sorted(states(work)) == ["pending", "pending", "sent", "sent"], "two at once, whoever's they are"


def test_of_two_workers_who_draw_from_one_bucket_the_second_waits_for_the_first(work: Work) -> None:
    """The rule: limits hold across workers."""
    now, limits = machine_now(), {"mailbox:1:minute": Limit("minute", 30, 60.0, 3)}
    with work() as uow:
        assert draw_for(uow.session, [limits], now) == [None]
    found: list[Wait | None] = []

    def second() -> None:
        with work() as uow:
            found.extend(draw_for(uow.session, [limits], now))

    thread = threading.Thread(target=second)
    with work() as uow:
        assert draw_for(uow.session, [limits] * 2, now) == [None, None]
        thread.start()
        thread.join(0.3)
        assert found == []
    thread.join()
    assert [wait.words for wait in found if wait] == [MAILBOX_FULL]


def test_one_to_one_mail_is_held_only_where_it_was_said(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    with work() as uow:
        limit_domain(uow, cast.cleo, {"domain": "*", "per_minute": "1"})
    due_mails(work, cast, *SIX)
    send(room)
    assert states(work) == ["sent"] * 6


def test_domain_limits_are_for_administrators_and_checked(work: Work, cast: Cast) -> None:
    with work() as uow, pytest.raises(NotAllowed):
        limit_domain(uow, cast.ana, {"domain": "example.com", "per_minute": "5"})
    with work() as uow, pytest.raises(Invalid) as refusal:
        limit_domain(uow, cast.cleo, {"domain": "no domain", "per_minute": "0"})
    assert set(refusal.value.problems) == {"domain", "per_minute"}
    with work() as uow:
        limit_domain(uow, cast.cleo, {"domain": "*", "per_minute": "9"})
        limit_domain(uow, cast.cleo, {"domain": "*", "per_minute": "5", "one_to_one": "1"})
        assert [(row.domain, row.per_minute) for row in domain_limits(uow.session)] == [("*", 5)]
        assert lift_limit(uow, cast.cleo, "*") == {"domain": "*", "per_minute": "5", "one_to_one": "1"}
        with pytest.raises(IllegalMove):
            lift_limit(uow, cast.cleo, "*")


def test_a_mailbox_whose_mails_are_reported_as_spam_stops_by_itself(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    """The rule: 0.3 % reports of spam in a thousand mails stop it; counting begins anew."""
    ids = due_mails(work, cast, *SIX)
    send(room)
    for id in ids[:3]:
        with work() as uow:
            assert uow.session.get_one(Mailbox, cast.ana_box.id).state == "connected"
        mail = message(work, id)
        taken_in(work, cast, a_complaint(mail.message_id or "", mail.email))
        run_until_quiet(room)
    with work() as uow:
        box = uow.session.get_one(Mailbox, cast.ana_box.id)
        assert box.state == "stopped" and "3 of its last 6 mails were reported as spam" in box.trouble
        box.state = MailboxState.CONNECTED
        uow.session.flush()
        stop_what_annoys(uow, ids[:3])
        assert uow.session.get_one(Mailbox, cast.ana_box.id).state == "connected"
