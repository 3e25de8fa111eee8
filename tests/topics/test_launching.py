"""Launch: who is added and who is not, when it is refused, and that the same order twice is one launch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.activity import Activity
from sales_campaigns.campaigns.models import Campaign, CampaignState
from sales_campaigns.campaigns.planner import SendOption
from sales_campaigns.clock import VirtualClock
from sales_campaigns.content.rendering import Content, render
from sales_campaigns.enrollments.launches.checking import Checked
from sales_campaigns.enrollments.launches.first_mails import filled_in
from sales_campaigns.enrollments.launches.forecasting import forecast
from sales_campaigns.enrollments.launches.launching import Order, launch, prepare
from sales_campaigns.enrollments.models import Enrollment, Launch, StepRun
from sales_campaigns.enrollments.pausing import pause_campaign
from sales_campaigns.errors import IllegalMove, Invalid, NotAllowed, NotFound
from sales_campaigns.messages.models import Message
from sales_campaigns.people.models import BlockedDomain
from sales_campaigns.unit_of_work import UnitOfWork
from tests.builders import a_call, a_campaign, a_follow_up, a_mail
from tests.cast import Cast, a_mailbox, a_person
from tests.conftest import Work

FRIDAY = datetime.fromisoformat("2026-12-04T15:00")
NOON = datetime.fromisoformat("2026-11-30T12:00")


def people(uow: UnitOfWork, owner: User, number: int) -> list[int]:
    return [a_person(uow, owner, f"p{n}@example.com").id for n in range(number)]


def mail_campaign(uow: UnitOfWork, cast: Cast, **settings: Any) -> Campaign:
    return a_campaign(uow, cast.ana, [a_mail(uow, 1), a_follow_up(uow, 3)], **settings)


def checked(uow: UnitOfWork, actor: User, campaign: Campaign, ids: list[int], **order: Any) -> Checked:
    return prepare(uow, actor, Order(campaign.id, ids, **order)).checked


def count(uow: UnitOfWork, model: type[Any]) -> int:
    return uow.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """The statements that are made meanwhile, but for inserts: SQLite numbers each row by one of its own."""
    seen: list[str] = []

    def note(_c: Any, _cur: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("INSERT"):
            seen.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(engine, "before_cursor_execute", note)


def test_it_adds_people_and_says_how_many(work: Work, cast: Cast) -> None:
    with work() as uow:
        campaign = mail_campaign(uow, cast)
        row = launch(uow, cast.ana, Order(campaign.id, people(uow, cast.ana, 3)))
        assert (row.targeted, row.started, row.excluded) == (3, 3, {})
    with work() as uow:
        assert uow.session.get_one(Campaign, campaign.id).state is CampaignState.ACTIVE
        assert count(uow, Enrollment) == count(uow, Message) == 3
        told = uow.session.scalars(sa.select(Activity).where(Activity.kind == "launch.made")).one()
        assert told.data["people"] == 3 and told.actor_id == cast.ana.id


def test_targeted_is_to_deliver_plus_excluded_and_each_excluded_has_a_cause(work: Work, cast: Cast) -> None:
    with work() as uow:
        campaign = mail_campaign(uow, cast)
        good = people(uow, cast.ana, 2)
        at = uow.now
        bad = {}
        for cause in ("opted_out", "quarantined", "complained", "blocked"):
            person = a_person(uow, cast.ana, f"{cause}@example.com")
            setattr(person.address, f"{cause}_at", at)
            bad[person.id] = cause
        uow.session.add(BlockedDomain(domain="blocked.example"))
        bad[a_person(uow, cast.ana, "x@blocked.example").id] = "blocked_domain"
        bad[a_person(uow, cast.ana, "gone@example.com", deleted_at=at).id] = "deleted"
        bad[a_person(uow, cast.ana, "nameless@example.com", first_name="").id] = "field_missing"
        bad[a_person(uow, cast.ana, "").id] = "unreachable"
        found = checked(uow, cast.ana, campaign, [*good, *bad])
        assert {one.person.id: one.cause for one in found.excluded} == bad
        assert [one.id for one in found.to_deliver] == good
        assert found.targeted == len(good) + len(bad) and sum(found.causes.values()) == len(bad)
        assert all(one.words.endswith(".") for one in found.excluded)
        assert "Has no first name." in {one.words for one in found.excluded}


def test_somebody_without_an_address_starts_when_there_is_another_way_to_reach_them(
    work: Work, cast: Cast
) -> None:
    with work() as uow:
        campaign = mail_campaign(uow, cast)
        caller = a_person(uow, cast.ana, "", phone="+46 8 123 456")
        assert [one.id for one in checked(uow, cast.ana, campaign, [caller.id]).to_deliver] == [caller.id]


def test_the_same_person_chosen_twice_is_targeted_once(work: Work, cast: Cast) -> None:
    with work() as uow:
        campaign = mail_campaign(uow, cast)
        [one] = people(uow, cast.ana, 1)
        assert checked(uow, cast.ana, campaign, [one, one]).targeted == 1


def test_people_of_another_team_are_never_seen(work: Work, cast: Cast) -> None:
    with work() as uow:
        campaign = mail_campaign(uow, cast)
        theirs = people(uow, cast.dirk, 1)
        assert checked(uow, cast.ana, campaign, theirs).targeted == 0
        a_mailbox(uow, cast.cleo)
        assert checked(uow, cast.cleo, campaign, theirs).targeted == 0
        with pytest.raises(NotFound):
            prepare(uow, cast.dirk, Order(campaign.id, theirs))


def test_somebody_under_way_is_not_added_again_until_it_ends(work: Work, cast: Cast) -> None:
    with work() as uow:
        campaign = mail_campaign(uow, cast)
        [one] = people(uow, cast.ana, 1)
        launch(uow, cast.ana, Order(campaign.id, [one]))
        assert checked(uow, cast.ana, campaign, [one]).causes == {"active": 1}
        other = a_campaign(uow, cast.ana, [a_mail(uow, 1)], name="Another")
        assert checked(uow, cast.ana, other, [one]).elsewhere == {one: "Q4 outreach"}
        uow.session.execute(sa.update(Enrollment).values(state="finished"))
        assert checked(uow, cast.ana, campaign, [one]).causes == {}


def test_nobody_can_be_added_to_a_paused_campaign_or_to_one_without_steps(work: Work, cast: Cast) -> None:
    with work() as uow:
        campaign, bare = mail_campaign(uow, cast), a_campaign(uow, cast.ana, [], name="Bare")
        one, two = people(uow, cast.ana, 2)
        launch(uow, cast.ana, Order(campaign.id, [one]))
        pause_campaign(uow, cast.ana, campaign)
        with pytest.raises(IllegalMove, match="paused"):
            launch(uow, cast.ana, Order(campaign.id, [two]))
        with pytest.raises(Invalid, match="no steps yet"):
            launch(uow, cast.ana, Order(bare.id, [two]))


def test_it_needs_a_mailbox_and_somebody_to_add(work: Work, cast: Cast) -> None:
    with work() as uow:
        campaign = mail_campaign(uow, cast)
        with pytest.raises(Invalid, match="Connect a mailbox"):
            launch(uow, cast.cleo, Order(campaign.id, people(uow, cast.cleo, 1)))
        with pytest.raises(Invalid, match="Connect a mailbox"):
            launch(uow, cast.ana, Order(campaign.id, [], mailbox_id=cast.ben_box.id))
        with pytest.raises(Invalid, match="Nobody of these"):
            launch(uow, cast.ana, Order(campaign.id, []))


def test_more_than_the_limit_needs_start_deliveries(work: Work, cast: Cast) -> None:
    with work() as uow:
        campaign, ana = mail_campaign(uow, cast), uow.session.merge(cast.ana)
        order = Order(campaign.id, people(uow, ana, 3))
        with pytest.raises(NotAllowed, match="more than 2 people"):
            launch(uow, ana, order, limit=2)
        assert count(uow, Enrollment) == 0
        ana.can_start = True
        assert launch(uow, ana, order, limit=2).started == 3


def test_people_of_a_colleague_need_start_deliveries(work: Work, cast: Cast) -> None:
    with work() as uow:
        campaign, ana = mail_campaign(uow, cast), uow.session.merge(cast.ana)
        order = Order(campaign.id, people(uow, cast.ben, 1))
        with pytest.raises(NotAllowed, match="teammate"):
            launch(uow, ana, order)
        ana.can_start = True
        assert launch(uow, ana, order).started == 1


def test_the_same_request_twice_is_one_launch(work: Work, cast: Cast) -> None:
    with work() as uow:
        campaign = mail_campaign(uow, cast)
        order = Order(campaign.id, people(uow, cast.ana, 2), request_key="pressed-once")
        first = launch(uow, cast.ana, order).id
    with work() as uow:
        assert launch(uow, cast.ana, order).id == first
        assert (count(uow, Launch), count(uow, Enrollment)) == (1, 2)
        bens = Order(campaign.id, [a_person(uow, cast.ben, "b@x.example").id], request_key="pressed-once")
        assert launch(uow, cast.ben, bens).id != first, "somebody else's key is another key"


def test_the_reps_own_words_are_judged_as_the_mail_of_that_person(work: Work, cast: Cast) -> None:
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1)])
        nameless = a_person(uow, cast.ana, "n@example.com", first_name="")
        named = a_person(uow, cast.ana, "m@example.com", company="")
        words = {nameless.id: ("Hello", "<p>Hello</p>"), named.id: ("Hi", "<p>{{ company }}</p>")}
        found = checked(uow, cast.ana, campaign, [nameless.id, named.id], words=words)
        assert [one.id for one in found.to_deliver] == [nameless.id]
        assert [one.words for one in found.excluded] == ["Has no company."]


def test_words_that_cannot_be_sent_are_refused_for_their_person(work: Work, cast: Cast) -> None:
    with work() as uow:
        campaign = mail_campaign(uow, cast)
        [one] = people(uow, cast.ana, 1)
        with pytest.raises(Invalid) as refused:
            launch(uow, cast.ana, Order(campaign.id, [one], words={one: ("", "<p>Hello</p>")}))
        assert list(refused.value.problems) == [f"words.{one}"]


def test_a_mail_filled_in_for_somebody_says_the_same_when_it_is_rendered_again(
    work: Work, cast: Cast
) -> None:
    with work() as uow:
        odd = a_person(uow, cast.ana, first_name="{{ company }} & {% if %}", company="A < B")
        content = Content("For {{ first_name }}", "<p>Dear {{ first_name }} of {{ company }}</p>")
        subject, html = filled_in(content, odd, cast.ana, cast.ana_box)
        again = render(Content(subject, html), {})
        assert again.subject == "For {{ company }} & {% if %}"
        assert again.html == "<p>Dear {{ company }} &amp; {% if %} of A &lt; B</p>"


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (NOON - timedelta(hours=4), "Mon 30 Nov 08:00 (Europe/Stockholm) has passed"),
        (datetime(2026, 11, 29, 23, 0, tzinfo=UTC), "Mon 30 Nov 00:00 (Europe/Stockholm) has passed"),
    ],
)
def test_a_time_before_the_launch_is_refused(work: Work, cast: Cast, at: datetime, words: str) -> None:
    with work() as uow:
        mail = a_mail(uow, 1)
        campaign = a_campaign(uow, cast.ana, [mail])
        with pytest.raises(Invalid) as refused:
            launch(uow, cast.ana, Order(campaign.id, people(uow, cast.ana, 1), send_at={mail.key: at}))
        assert words in refused.value.problems[f"send_at.{mail.key}"]


def test_a_time_before_the_step_before_it_is_refused(work: Work, cast: Cast) -> None:
    with work() as uow:
        first, third = a_mail(uow, 1), a_mail(uow, 3, at="09:00")
        campaign = a_campaign(uow, cast.ana, [first, third])
        ids = people(uow, cast.ana, 1)
        times = {first.key: FRIDAY, third.key: FRIDAY - timedelta(minutes=1)}
        with pytest.raises(Invalid) as refused:
            launch(uow, cast.ana, Order(campaign.id, ids, send_at=times))
        assert (
            "The step before it happens on Fri 4 Dec 15:00" in refused.value.problems[f"send_at.{third.key}"]
        )
        times[third.key] += timedelta(minutes=1)
        assert launch(uow, cast.ana, Order(campaign.id, ids, send_at=times)).started == 1


def test_only_a_mail_with_a_time_of_its_own_can_be_given_another(work: Work, cast: Cast) -> None:
    with work() as uow:
        first, call, written = a_mail(uow, 1), a_call(2), a_mail(uow, 3, send=SendOption.TASK)
        follow_up = a_follow_up(uow, 4)
        campaign = a_campaign(uow, cast.ana, [first, call, written, follow_up])
        ids = people(uow, cast.ana, 1)
        for step in (call, written, follow_up):
            with pytest.raises(Invalid, match="time of its own"):
                launch(uow, cast.ana, Order(campaign.id, ids, send_at={step.key: NOON}))


def test_a_chosen_time_is_wall_clock_time_of_each_person_or_one_instant_for_all(
    work: Work, cast: Cast
) -> None:
    zones = ["Europe/Stockholm", "America/New_York"]
    with work() as uow:
        mail = a_mail(uow, 1)
        for name, at, due in (
            ("Theirs", NOON, [11, 17]),
            ("Everybody's", datetime(2026, 11, 30, 15, 0, tzinfo=UTC), [15, 15]),
        ):
            campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, key=mail.key)], name=name)
            ids = [
                a_person(uow, cast.ana, f"{name[0]}{n}@x.example", zone=zone).id
                for n, zone in enumerate(zones)
            ]
            launch(uow, cast.ana, Order(campaign.id, ids, recipients_zone=True, send_at={mail.key: at}))
            runs = sa.select(StepRun.due_at).join(Enrollment).where(Enrollment.campaign_id == campaign.id)
            hours = [found.hour for found in uow.session.scalars(runs.order_by(StepRun.id))]
            assert hours == due, name


def test_the_zone_is_the_campaigns_choice_unless_the_launch_chooses(work: Work, cast: Cast) -> None:
    with work() as uow:
        campaign = mail_campaign(uow, cast, timezone="recipient")
        ids = [a_person(uow, cast.ana, f"{n}@x.example", zone="Asia/Tokyo").id for n in range(2)]
        launch(uow, cast.ana, Order(campaign.id, ids[:1]))
        launch(uow, cast.ana, Order(campaign.id, ids[1:], recipients_zone=False))
        zones = uow.session.scalars(sa.select(Enrollment.zone).order_by(Enrollment.id)).all()
        assert zones == ["Asia/Tokyo", "Europe/Stockholm"]


def test_it_is_cut_to_the_whole_second(work: Work, cast: Cast, clock: VirtualClock) -> None:
    clock.forward(timedelta(microseconds=654_321))
    with work() as uow:
        row = launch(uow, cast.ana, Order(mail_campaign(uow, cast).id, people(uow, cast.ana, 1)))
        assert row.at.microsecond == 0
        assert uow.session.scalars(sa.select(Message.due_at)).one() == row.at


def test_the_number_of_queries_does_not_grow_with_the_people(work: Work, cast: Cast, engine: Engine) -> None:
    seen = []
    for number in (5, 50):
        with work() as uow:
            campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1)], name=f"For {number}")
            ids = [a_person(uow, cast.ana, f"{number}-{n}@x.example").id for n in range(number)]
        with work() as uow, counted(engine) as statements:
            launch(uow, cast.ana, Order(campaign.id, ids))
        seen.append(len(statements))
    assert seen[0] == seen[1]


def test_a_mailbox_that_is_not_connected_still_takes_the_launch(work: Work, cast: Cast) -> None:
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(state="needs_reconnect"))
        assert (
            launch(uow, cast.ana, Order(mail_campaign(uow, cast).id, people(uow, cast.ana, 1))).started == 1
        )


def test_what_is_foreseen_is_what_is_planned_also_where_the_mailbox_is_busy(work: Work, cast: Cast) -> None:
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(daily_limit=3))
        busy = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="10:00")], name="Before")
        launch(uow, cast.ana, Order(busy.id, people(uow, cast.ana, 4)))
    with work() as uow:
        steps = [a_mail(uow, 1, at="08:30"), a_call(2), a_mail(uow, 2, at="08:30")]
        campaign = a_campaign(uow, cast.ana, steps, skip_weekends=True)
        ids = [a_person(uow, cast.ana, f"q{n}@example.com").id for n in range(5)]
        order = Order(campaign.id, ids)
        prepared = prepare(uow, cast.ana, order)
        foreseen = forecast(uow.session, cast.ana, prepared, order, uow.now)
        launch(uow, cast.ana, order)
        due = uow.session.scalars(
            sa.select(Message.due_at).where(Message.campaign_id == campaign.id).order_by(Message.due_at)
        ).all()
    first = foreseen.steps[0]
    assert first.first is not None and first.last is not None
    assert (first.first.at, first.last.at) == (due[0], due[-1])
    assert foreseen.days == dict(Counter(at.date() for at in due))
    assert set(first.moves) == {"the time has passed by then", "the daily limit is reached"}


def test_two_launches_at_once_add_everybody_once(work: Work, cast: Cast) -> None:
    with work() as uow:
        campaign = mail_campaign(uow, cast)
        order = Order(campaign.id, people(uow, cast.ana, 20))
    together = Barrier(2)

    def press(_n: int) -> str:
        together.wait()
        try:
            with work() as uow:
                return str(launch(uow, cast.ana, order).started)
        except Invalid as refusal:
            return refusal.words

    with ThreadPoolExecutor(2) as tabs:
        answers = sorted(tabs.map(press, range(2)))
    assert answers[0] == "20" and "Nobody of these can be added" in answers[1]
    with work() as uow:
        assert count(uow, Enrollment) == 20
