"""Opens, clicks and opt-outs: what a sent mail tells, who made it, and what is left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox, Team
from sales_campaigns.activity import Activity
from sales_campaigns.clock import VirtualClock
from sales_campaigns.enrollments.answers.opting_out import unsubscribe_by_link
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.letters.marking import Outward, Tracked, choose_tracking
from sales_campaigns.messages.letters.tokens import token_of
from sales_campaigns.messages.models import Message, TrackingChoice
from sales_campaigns.messages.outbox.lines import exact_mail
from sales_campaigns.people.models import Address, Person, SubscriptionChange
from sales_campaigns.tracking.figures import Engagement, engagement_of
from sales_campaigns.tracking.machines import SEVERAL, Hit
from sales_campaigns.tracking.models import EventKind, TrackingEvent
from sales_campaigns.tracking.noticing import MOST, notice, target_of, with_parameters
from sales_campaigns.tracking.telling import tell
from scheduler.jobs import run_until_quiet
from tests.builders import a_campaign, a_follow_up, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.outgoing import message
from tests.sink import Sink

KEY = "only for the tests, and long enough"
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"
HTML = (
    "<p>Hello {{ first_name }}</p>"
    '<p><a href="https://north.example/a">A</a> <a href="https://north.example/b?x=1&amp;y=2">B</a></p>'
)


@pytest.fixture
def outward(room: PostRoom) -> PostRoom:
    """The post room of an installation that can be reached from outside."""
    return replace(room, outward=Outward("https://go.example", KEY))


def sent(work: Work, cast: Cast, room: PostRoom, *emails: str, **settings: Any) -> list[int]:
    """Mails with two links that have left; their ids."""
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, html=HTML)], **settings)
        people = [a_person(uow, cast.ana, email) for email in emails or ("maria@example.com",)]
        launch(uow, cast.ana, Order(campaign.id, [person.id for person in people]))
    run_until_quiet(room)
    with work() as uow:
        return list(uow.session.scalars(sa.select(Message.id).order_by(Message.id)))


def hit(work: Work, message_id: int, kind: EventKind, link: int | None = None, agent: str = AGENT) -> bool:
    with work() as uow:
        return notice(uow, message_id, kind, Hit("GET", agent), link)


def mail_of(sink: Sink, place: int = 0) -> EmailMessage:
    parsed = message_from_bytes(sink.caught[place].raw, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def html_of(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def figures(work: Work) -> Engagement:
    with work() as uow:
        return engagement_of(uow.session, sa.true())


@pytest.mark.parametrize("bulk", [False, True])
def test_a_mail_leaves_with_one_token_and_no_address_in_any_url(
    bulk: bool, work: Work, cast: Cast, outward: PostRoom, sink: Sink
) -> None:
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(bulk_lane=bulk))
    [id] = sent(work, cast, outward)
    caught = mail_of(sink)
    token = token_of(id, KEY)
    html = html_of(caught)
    assert f'href="https://go.example/t/c/{token}/1"' in html
    assert f'href="https://go.example/t/c/{token}/2"' in html
    assert f'src="https://go.example/t/o/{token}.gif"' in html
    assert f'href="https://go.example/u/{token}"' in html
    assert "north.example/a" not in html
    assert caught["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert caught["List-Unsubscribe"].startswith(f"<https://go.example/u/{token}>, <mailto:")
    with work() as uow:
        row = uow.session.get_one(Message, id)
        assert (row.recipe is not None) is bulk
        again = exact_mail(uow.session, row)
        assert again is not None and token.encode() in again  # a recipe makes the same bytes again, or raises


def test_the_demo_s_own_address_stands_in_nothing_that_leaves_this_machine(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    outward = Outward("http://127.0.0.1:8000", KEY, caught_only=True)
    with work() as uow:
        box = uow.session.scalars(sa.select(Mailbox)).first()
        assert box is not None and outward.seen_by(box) == "http://127.0.0.1:8000"
        box.host = "smtp.example.com"
        assert outward.seen_by(box) == ""


def test_under_a_follow_up_the_quoted_copy_has_neither_pixel_nor_tracked_links_nor_footer(
    work: Work, cast: Cast, outward: PostRoom, sink: Sink, clock: VirtualClock
) -> None:
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, html=HTML), a_follow_up(uow, 2)])
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana).id]))
    run_until_quiet(outward)
    clock.forward(timedelta(days=2))
    run_until_quiet(outward)
    html = html_of(mail_of(sink, 1))
    own, quoted = html.split("<blockquote", 1)
    assert own.count(".gif") == own.count("/u/") == 1
    assert "go.example" not in quoted and "https://north.example/a" in quoted


@pytest.mark.parametrize("off", ["campaign", "delivery", "person"])
def test_tracking_can_be_off_for_a_campaign_a_delivery_or_a_person(
    off: str, work: Work, cast: Cast, outward: PostRoom, sink: Sink
) -> None:
    settings: dict[str, Any] = {"tracking": {"opens": False, "clicks": False}} if off == "campaign" else {}
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, html=HTML)], **settings)
        person = a_person(uow, cast.ana)
        person.untracked = off == "person"
        if off == "delivery":
            ids = uow.session.scalars(sa.select(TrackingChoice.delivery_id)).all()
            choose_tracking(uow.session, ids, Tracked(opens=False, clicks=False))
        launch(uow, cast.ana, Order(campaign.id, [person.id]))
    run_until_quiet(outward)
    html = html_of(mail_of(sink, 0))
    assert "/t/" not in html and "/u/" in html


def test_a_team_may_have_no_footer_or_its_own(work: Work, cast: Cast, outward: PostRoom, sink: Sink) -> None:
    with work() as uow:
        uow.session.execute(sa.update(Team).values(footer=False))
    sent(work, cast, outward)
    assert "/u/" not in html_of(mail_of(sink))
    assert "/u/" in mail_of(sink, 0)["List-Unsubscribe"]


def test_a_link_leads_where_the_wording_says_with_the_parameters_of_its_delivery(
    work: Work, cast: Cast, outward: PostRoom, sink: Sink
) -> None:
    [id] = sent(work, cast, outward)
    with work() as uow:
        assert target_of(uow.session, id, 1) == "https://north.example/a"
        assert [target_of(uow.session, id, place) for place in (0, 3, -1)] == [None] * 3
        assert target_of(uow.session, id + 1, 1) is None
        choose_tracking(
            uow.session, [uow.session.get_one(Message, id).delivery_id], Tracked(utm="utm_source=l")
        )
        assert target_of(uow.session, id, 2) == "https://north.example/b?x=1&y=2&utm_source=l"


@pytest.mark.parametrize(
    ("address", "led"),
    [
        ("https://a.example", "https://a.example?utm_source=l"),
        ("https://a.example/?utm_source=own", "https://a.example/?utm_source=own"),
        ("https://a.example/x?q=1#part", "https://a.example/x?q=1&utm_source=l#part"),
    ],
)
def test_parameters_join_those_that_a_link_has(address: str, led: str) -> None:
    assert with_parameters(address, "utm_source=l") == led


def test_opens_and_clicks_are_distinct_recipients_and_a_click_implies_an_open(
    work: Work, cast: Cast, outward: PostRoom, sink: Sink, clock: VirtualClock
) -> None:
    maria, nils, olga = sent(work, cast, outward, "maria@example.com", "nils@example.net", "o@example.com")
    clock.forward(timedelta(minutes=5))
    for id, kind, link in [
        (maria, EventKind.OPEN, None),
        (maria, EventKind.OPEN, None),
        (nils, EventKind.CLICK, 1),
    ]:
        assert hit(work, id, kind, link)
    assert hit(work, olga, EventKind.OPEN, agent="Mozilla/5.0")
    before = figures(work)
    assert before == Engagement(opened=2, clicked=1, machine_opens=1)
    with work() as uow:
        assert tell(uow) == 0  # they may still turn out to be a machine's
    clock.forward(timedelta(seconds=3))
    with work() as uow:
        assert tell(uow) == 4
        assert tell(uow) == 0
        kinds = uow.session.scalars(
            sa.select(Activity.kind).where(Activity.kind.in_(["message.opened", "message.clicked"]))
        )
        assert sorted(kinds) == ["message.clicked", "message.opened", "message.opened"]
    assert figures(work) == before


def test_what_machines_did_is_told_apart_with_its_reason_and_own_views_not_at_all(
    work: Work, cast: Cast, outward: PostRoom, sink: Sink, clock: VirtualClock
) -> None:
    """The rule: known prefetchers and scanners are marked as machine events; the opener's own views do not count."""
    [id] = sent(work, cast, outward)
    clock.forward(timedelta(minutes=5))
    assert hit(work, id, EventKind.OPEN, agent="Mozilla/5.0")
    with work() as uow:
        assert notice(uow, id, EventKind.OPEN, Hit("GET", AGENT, own=True))
    clock.forward(timedelta(seconds=3))
    with work() as uow:
        assert tell(uow) == 2
        told = uow.session.scalars(sa.select(Activity).where(Activity.message_id == id)).all()
    kinds = [(one.kind, one.data) for one in told if "opened" in one.kind]
    assert kinds == [("message.machine_opened", {"machine": "mail privacy"})]


def test_all_links_within_a_second_are_a_scanner_s(
    work: Work, cast: Cast, outward: PostRoom, sink: Sink, clock: VirtualClock
) -> None:
    [id] = sent(work, cast, outward)
    clock.forward(timedelta(minutes=5))
    for place in (1, 2):
        assert hit(work, id, EventKind.CLICK, place)
    clock.forward(timedelta(minutes=1))
    with work() as uow:
        tell(uow)
        assert set(uow.session.scalars(sa.select(TrackingEvent.machine))) == {SEVERAL}
        assert not uow.session.scalar(sa.select(Activity.id).where(Activity.kind == "message.clicked"))
    assert figures(work) == Engagement(machine_clicks=2)


def archived(row: Message) -> None:
    row.archived_at = row.created_at


def a_test_mail(row: Message) -> None:
    row.proof = True


@pytest.mark.parametrize("change", [archived, a_test_mail])
def test_archived_mails_and_test_mails_are_not_noticed(
    change: Callable[[Message], None], work: Work, cast: Cast, outward: PostRoom, sink: Sink
) -> None:
    [id] = sent(work, cast, outward)
    with work() as uow:
        change(uow.session.get_one(Message, id))
    assert not hit(work, id, EventKind.OPEN)
    assert not hit(work, id + 1, EventKind.OPEN)


def test_nobody_fills_the_database_by_asking_again(
    work: Work, cast: Cast, outward: PostRoom, sink: Sink, clock: VirtualClock
) -> None:
    [id] = sent(work, cast, outward)
    clock.forward(timedelta(minutes=5))
    with work() as uow:
        stored = [notice(uow, id, EventKind.OPEN, Hit("GET", AGENT)) for _ in range(MOST + 5)]
        assert sum(stored) == MOST
    assert hit(work, id, EventKind.CLICK, 1)


def test_unsubscribing_by_the_link_ends_every_enrollment_once_with_its_source(
    work: Work, cast: Cast, outward: PostRoom, sink: Sink
) -> None:
    """The rule: unsubscribe ends all enrolments of the person at once."""
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, html=HTML), a_follow_up(uow, 3)])
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana).id]))
    run_until_quiet(outward)
    with work() as uow:
        id = uow.session.scalars(sa.select(Message.id).order_by(Message.id)).first()
        assert id is not None
    for _ in range(2):
        with work() as uow:
            unsubscribe_by_link(uow, id, only_campaign=False, reason="too many")
    with work() as uow:
        change = uow.session.scalars(sa.select(SubscriptionChange)).one()
        assert (change.subscribed, change.source, change.reason) == (False, "link", "too many")
        assert uow.session.scalars(sa.select(Address.opted_out_at)).one() is not None
        assert uow.session.scalars(sa.select(Enrollment.state)).one() == "ended"
        told = sa.select(sa.func.count()).where(Activity.kind == "person.unsubscribed")
        assert uow.session.scalar(told) == 1
    assert figures(work).opted_out == 1
    assert message(work, id).state == "sent"


def test_leaving_only_the_series_keeps_other_mail_coming(
    work: Work, cast: Cast, outward: PostRoom, sink: Sink
) -> None:
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, html=HTML), a_follow_up(uow, 3)])
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana).id]))
    run_until_quiet(outward)
    with work() as uow:
        id = uow.session.scalars(sa.select(Message.id).order_by(Message.id)).first()
        assert id is not None
        unsubscribe_by_link(uow, id, only_campaign=True)
    with work() as uow:
        assert uow.session.scalars(sa.select(Address.opted_out_at)).one() is None
        assert uow.session.scalars(sa.select(Enrollment.state)).one() == "ended"
        assert uow.session.scalars(sa.select(Person.untracked)).one() is False
