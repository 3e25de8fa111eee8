"""What Today warns of, and what it explains to somebody who has just begun."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import url_for
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import MailboxState, User
from sales_campaigns.accounts.roles import may
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.crm.models import ConnectionState, RecordState
from sales_campaigns.crm.reading import VENDOR_WORDS, counts, live_connection
from sales_campaigns.deliveries.alarms.criteria import Criterion
from sales_campaigns.deliveries.alarms.reading import newest_alarms
from sales_campaigns.deliveries.continuous.models import Increment, IncrementState
from sales_campaigns.deliveries.continuous.reading import waiting_increments
from sales_campaigns.deliveries.listing import deliveries_of
from sales_campaigns.deliveries.models import Delivery, DeliveryState
from sales_campaigns.deliveries.variants.reading import waiting_tests
from sales_campaigns.enrollments.explaining.counting import held_counts
from sales_campaigns.messages.outbox.folders import Folder
from sales_campaigns.messages.outbox.lines import MailboxDay
from sales_campaigns.people.models import Person
from sales_campaigns.reactions import count_set_aside
from web.filters import count_words
from web.parts.why_words import Holdup


@dataclass(frozen=True)
class Alert:
    """Something that needs a look, and where."""

    words: str
    href: str
    link: str
    kind: str = "bad"


@dataclass(frozen=True)
class FirstStep:
    """One thing to set up before anything can leave."""

    words: str
    why: str
    href: str
    over: bool


def alerts_of(
    session: Session,
    user: User,
    boxes: Sequence[MailboxDay],
    mails: Mapping[Folder, int],
    waiting: Sequence[Holdup],
) -> list[Alert]:
    """What is broken is told with the mails that wait for it; a lost mailbox also while none does."""
    broken = [one for one in waiting if one.broken]
    of_mail = [*_of_waiting(broken), *_of_mailboxes(boxes, broken), *_of_mails(mails)]
    return [*of_mail, *_of_people(session, user), *_of_crm(session, user), *_set_aside(session, user)]


def alerts_of_deliveries(session: Session, user: User, now: datetime) -> list[Alert]:
    """What waits for this user: a confirmation, one whose date has passed, a preparation that failed."""
    if not may(user, "prepare_deliveries") and not may(user, "start_deliveries"):
        return []
    states = (DeliveryState.AWAITING_CONFIRMATION, DeliveryState.PREPARATION_FAILED)
    lines = deliveries_of(session, user, states=states, limit=5)
    expired = deliveries_of(session, user, states=(DeliveryState.EXPIRED,), limit=5)
    return [
        *(_of_increment(*pair) for pair in waiting_increments(session, user)),
        *(_of_test(delivery) for _, delivery in waiting_tests(session, user)),
        *(_of_delivery(line.delivery, line.overdue(now)) for line in lines),
        *(_of_expired(line.delivery) for line in expired if _is_news(line.delivery, now)),
        *_alarms(session, user, now),
    ]


def _alarms(session: Session, user: User, now: datetime) -> list[Alert]:
    """What was told of the team's deliveries; their states are told above."""
    return [
        Alert(
            f"“{name}”: {alarm.words}", url_for("delivery.show", delivery_id=alarm.delivery_id), "Look at it"
        )
        for alarm, name in newest_alarms(session, user, now)
        if alarm.criterion not in {Criterion.PREPARATION_FAILED, Criterion.OVERDUE}
    ]


def _is_news(delivery: Delivery, now: datetime) -> bool:
    return delivery.ended_at is not None and now - delivery.ended_at < timedelta(days=1)


def _of_expired(delivery: Delivery) -> Alert:
    href = url_for("delivery.show", delivery_id=delivery.id)
    return Alert(f"Nobody confirmed “{delivery.name}” in time: nothing was sent.", href, "Look at it")


def _of_increment(increment: Increment, delivery: Delivery) -> Alert:
    """The rule: one over its ceiling waits for a confirmation, listed here."""
    href = url_for("continuous.index", delivery_id=delivery.id)
    run = f"Run {increment.number} of “{delivery.name}”"
    if increment.state is IncrementState.FAILED:
        return Alert(f"{run} could not be prepared: {increment.words}", href, "See why")
    people = count_words(increment.to_deliver, "person", "people")
    return Alert(f"{run} waits for a confirmation: {people} would get the mail.", href, "Look at it")


def _of_test(delivery: Delivery) -> Alert:
    """The rule: a tie, or too few, is for a person to decide."""
    href = url_for("delivery.show", delivery_id=delivery.id)
    return Alert(
        f"The A/B test of “{delivery.name}” is over: somebody must choose the winner.", href, "Choose"
    )


def _of_delivery(delivery: Delivery, overdue: bool) -> Alert:
    href = url_for("delivery.show", delivery_id=delivery.id)
    if delivery.state is DeliveryState.PREPARATION_FAILED:
        return Alert(f"Preparing “{delivery.name}” failed.", href, "See why")
    when = "and its date has passed: nothing was sent" if overdue else "before its date"
    return Alert(f"“{delivery.name}” waits for a confirmation, {when}.", href, "Look at it")


def first_steps(
    session: Session, user: User, boxes: Sequence[MailboxDay], mails: Mapping[Folder, int]
) -> list[FirstStep]:
    """Until the first mail has left: what is there already and what is next. Nothing afterwards."""
    if sum(mails.values()):
        return []
    people, campaigns = (
        bool(session.scalar(sa.select(sa.exists().where(model.team_id == user.team_id))))
        for model in (Person, Campaign)
    )
    return [
        FirstStep("Connect your mailbox", "Mails leave from your own address.", "/mailbox", bool(boxes)),
        FirstStep("Bring your people", "From a CSV or Excel file, or by hand.", "/people", people),
        FirstStep("Write a campaign", "Days with e-mails, calls and tasks.", "/campaigns", campaigns),
        FirstStep("Add people to it", "Every date is shown before anything leaves.", "/campaigns", False),
    ]


def _of_people(session: Session, user: User) -> list[Alert]:
    held, found = held_counts(session, user), []
    if held.wrote:
        words = f"{count_words(held.wrote, 'person', 'people')} wrote to you: their campaigns are held."
        found.append(Alert(words, url_for("replies.index"), "Read and decide"))
    if held.sender_gone:
        people = count_words(held.sender_gone, "person is", "people are")
        words = f"{people} held, because their sender was deactivated or has no connected mailbox."
        found.append(Alert(words, url_for("users.index"), "Hand over or end"))
    return found


def _of_crm(session: Session, user: User) -> list[Alert]:
    """For administrators of a team with a CRM: that it lets nobody in or does not answer, and what it refused."""
    connection = live_connection(session, user.team_id) if may(user, "manage_team") else None
    if connection is None:
        return []
    number, vendor = counts(session, connection), VENDOR_WORDS[connection.vendor]
    waiting = count_words(number[RecordState.WAITING], "write waits", "writes wait")
    found = []
    if connection.state is ConnectionState.LOST:
        words = f"{vendor} no longer lets us in: {waiting}."
        found.append(Alert(words, url_for("crm.index"), "Connect it again"))
    elif connection.failing_since is not None:
        words = f"{vendor} does not answer: {waiting}, and goes on by itself."
        found.append(Alert(words, url_for("crm.index"), "Look at it"))
    if number[RecordState.FAILED]:
        words = f"{vendor} refused {count_words(number[RecordState.FAILED], 'write')}."
        found.append(Alert(words, url_for("crm_diagnostics.index"), "See why"))
    return found


def _set_aside(session: Session, user: User) -> list[Alert]:
    number = count_set_aside(session) if may(user, "manage_installation") else 0
    if not number:
        return []
    words = f"{count_words(number, 'thing')} could not be followed up, three times."
    return [Alert(words, url_for("set_aside.index"), "See why")]


def _of_waiting(broken: Sequence[Holdup]) -> list[Alert]:
    return [
        Alert(
            f"{count_words(one.count, 'mail waits', 'mails wait')}. {one.words} {one.moment}".rstrip(),
            one.href,
            one.link,
        )
        for one in broken
    ]


def _of_mailboxes(boxes: Sequence[MailboxDay], broken: Sequence[Holdup]) -> list[Alert]:
    told = {one.mailbox_id for one in broken}
    lost = [
        day.mailbox
        for day in boxes
        if day.mailbox.state is not MailboxState.CONNECTED and day.mailbox.id not in told
    ]
    return [
        Alert(
            f"{box.address} is not connected: {box.trouble or 'mail waits'}", "/mailbox", "Connect it again"
        )
        for box in lost
    ]


def _of_mails(mails: Mapping[Folder, int]) -> list[Alert]:
    sentences = {
        Folder.UNCERTAIN: ("Nobody knows whether {} left.", "Say what happened"),
        Folder.FAILED: ("{} failed.", "See why"),
    }
    return [
        Alert(words.format(count_words(mails[folder], "mail")), url_for("emails.index", folder=folder), link)
        for folder, (words, link) in sentences.items()
        if mails[folder]
    ]
