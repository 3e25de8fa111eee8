"""Write the mails of the product to its users: notices that go out together, the morning digest, the weekly report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.analytics.periods import week_before
from sales_campaigns.analytics.reading import figures_by_user
from sales_campaigns.analytics.report import of_week
from sales_campaigns.claims import claim
from sales_campaigns.messages.incoming.reading import waiting
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.states import WAITING
from sales_campaigns.notices.digest import Morning, of_morning, of_notices
from sales_campaigns.notices.models import Notice, UserLetter
from sales_campaigns.notices.wishes import NoticeWishes, wishes_of
from sales_campaigns.people.address_rows import insert_missing
from sales_campaigns.tasks.days import at_local, local_date
from sales_campaigns.tasks.queue import counts
from sales_campaigns.tasks.wanted import Group, Wanted
from sales_campaigns.unit_of_work import UnitOfWork

BATCH = 500
EIGHT = time(8)
STALE = timedelta(hours=4)  # a digest of the morning that was missed by more is not written any more
MOST_NEW = 10


def write_letters(uow: UnitOfWork) -> int:
    """Each is written once: the notices are claimed, and an occasion is unique for its user. How many."""
    rows = [*_of_notices(uow), *_of_mornings(uow)]
    if not rows:
        return 0
    insert = insert_missing(uow.session, UserLetter).returning(UserLetter.id)
    return len(uow.session.execute(insert, rows).all())


def _of_notices(uow: UnitOfWork) -> Iterator[dict[str, object]]:
    ids = claim(
        uow.session,
        Notice,
        Notice.mail_at <= uow.now,
        Notice.mailed_at.is_(None),
        order=(Notice.id,),
        limit=BATCH,
        values={"mailed_at": uow.now},
    )
    if not ids:
        return
    words: dict[int, list[str]] = defaultdict(list)
    lines = sa.select(Notice.user_id, Notice.words).where(Notice.id.in_(ids)).order_by(Notice.id)
    for user_id, line in uow.session.execute(lines):
        words[user_id].append(line)
    for user_id, told in words.items():
        yield _row(uow, user_id, f"notices {ids[-1]}", of_notices(told))


def _of_mornings(uow: UnitOfWork) -> Iterator[dict[str, object]]:
    """Whoever's local time has come today, and who has none of today yet."""
    due = [
        (user, wishes, occasion)
        for user in uow.session.scalars(sa.select(User).where(User.active).order_by(User.id))
        if (wishes := wishes_of(user)).digest or wishes.weekly
        for occasion in _occasions(user, wishes, uow.now)
    ]
    written = _written(uow, due)
    for user, _, occasion in due:
        if (user.id, occasion) not in written:
            letter = _digest(uow, user) if occasion.startswith("digest") else _weekly(uow, user)
            if letter is not None:
                yield _row(uow, user.id, occasion, letter)


def _occasions(user: User, wishes: NoticeWishes, now: datetime) -> Iterator[str]:
    """The rule: a morning digest at the user's local time; a weekly report on Monday at the same time."""
    today = local_date(now, user.zone)
    if wishes.digest and _has_come(user, wishes.digest, now):
        yield f"digest {today.isoformat()}"
    if wishes.weekly and today.weekday() == 0 and _has_come(user, wishes.digest or EIGHT, now):
        yield f"week of {today.isoformat()}"


def _has_come(user: User, at: time, now: datetime) -> bool:
    since = now - at_local(local_date(now, user.zone), at, user.zone)
    return timedelta(0) <= since < STALE


def _written(uow: UnitOfWork, due: Sequence[tuple[User, NoticeWishes, str]]) -> set[tuple[int, str]]:
    if not due:
        return set()
    found = uow.session.execute(
        sa.select(UserLetter.user_id, UserLetter.occasion).where(
            UserLetter.user_id.in_({user.id for user, _, _ in due}),
            UserLetter.occasion.in_({occasion for _, _, occasion in due}),
        )
    )
    return {(user_id, occasion) for user_id, occasion in found}


def _digest(uow: UnitOfWork, user: User) -> tuple[str, str] | None:
    """None on a morning on which there is nothing to say."""
    session, today = uow.session, local_date(uow.now, user.zone)
    tasks = counts(session, user, Wanted(assignee_id=user.id), uow.now)
    mine = (Message.sender_id == user.id, Message.state.in_(WAITING))
    midnight = at_local(today + timedelta(days=1), time(0), user.zone)
    mails = sa.select(sa.func.count()).select_from(Message).where(*mine, Message.due_at < midnight)
    new = sa.select(Notice.words).where(
        Notice.user_id == user.id, Notice.seen_at.is_(None), Notice.at > uow.now - timedelta(days=1)
    )
    morning = Morning(
        user.first_name or user.name,
        tasks.of([Group.OVERDUE]),
        tasks.of([Group.TODAY]),
        waiting(session, user)[0],
        session.scalar(mails) or 0,
        tuple(session.scalars(new.order_by(Notice.id.desc()).limit(MOST_NEW))),
    )
    return None if morning.is_empty else of_morning(morning)


def _weekly(uow: UnitOfWork, user: User) -> tuple[str, str] | None:
    last, before = week_before(local_date(uow.now, user.zone))
    now, then = (figures_by_user(uow.session, user, period).get(user.id) for period in (last, before))
    return of_week(user.first_name or user.name, last, now, then)


def _row(uow: UnitOfWork, user_id: int, occasion: str, letter: tuple[str, str]) -> dict[str, object]:
    subject, text = letter
    about = {"user_id": user_id, "occasion": occasion, "at": uow.now, "trouble": ""}
    return {**about, "subject": subject[:300], "text": text}
