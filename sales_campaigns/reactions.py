"""When this happened, then do that: the only table across topics. Rows are claimed, never read by a cursor."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.activity import Activity
from sales_campaigns.claims import claim
from sales_campaigns.crm.logging_mails import log_mails, log_replies
from sales_campaigns.enrollments.answers.answering import (
    meetings_booked,
    people_are_away,
    people_replied,
    people_wrote,
)
from sales_campaigns.enrollments.answers.bouncing import mails_failed_after_all, reports_came
from sales_campaigns.enrollments.answers.opting_out import people_complained, people_unsubscribed
from sales_campaigns.enrollments.ended_in_crm import (
    people_opted_out_in_crm,
    tasks_completed_in_crm,
    tasks_deleted_in_crm,
)
from sales_campaigns.enrollments.mailbox_drafts.taking import drafts_found, drafts_sent
from sales_campaigns.enrollments.progress import messages_ended
from sales_campaigns.messages.incoming.disposing import answers_failed
from sales_campaigns.notices.giving import (
    confirmations_wanted,
    deliveries_alarm,
    mail_came,
    mailboxes_lost,
    tasks_given,
)
from sales_campaigns.unit_of_work import UnitOfWork

log = structlog.get_logger()
BATCH = 500
TRIES = 3
Reaction = Callable[[UnitOfWork, Sequence[Activity]], None]


def _steps_go_on(uow: UnitOfWork, happened: Sequence[Activity]) -> None:
    one_by_one = [row.message_id for row in happened if row.message_id]
    messages_ended(uow, [*one_by_one, *(id for row in happened for id in row.data.get("messages", ()))])


def _replies_wait_again(uow: UnitOfWork, happened: Sequence[Activity]) -> None:
    answers_failed(uow, [row.message_id for row in happened if row.message_id])


REACTIONS: dict[str, tuple[Reaction, ...]] = {
    "message.sent": (_steps_go_on, log_mails),
    "messages.sent": (_steps_go_on, log_mails),
    "message.failed": (_steps_go_on, mails_failed_after_all, _replies_wait_again),
    "message.cancelled": (_steps_go_on, _replies_wait_again),
    "message.expired": (_steps_go_on, _replies_wait_again),
    "reply.received": (people_replied, mail_came, log_replies),
    "wrote.received": (people_wrote, mail_came),
    "auto_reply.received": (people_are_away,),
    "meeting.received": (meetings_booked,),
    "unsubscribe.received": (people_unsubscribed,),
    "bounce.received": (reports_came, mail_came),
    "delay.received": (reports_came,),
    "receipt.received": (reports_came,),
    "complaint.received": (people_complained,),
    "task.assigned": (tasks_given,),
    "mailbox.lost": (mailboxes_lost,),
    "crm.completed": (tasks_completed_in_crm,),
    "crm.deleted": (tasks_deleted_in_crm,),
    "crm.opted_out": (people_opted_out_in_crm,),
    "delivery.alarm": (deliveries_alarm,),
    "test.waiting": (deliveries_alarm,),
    "mailbox draft.sent": (drafts_sent,),
    "mailbox draft.found": (drafts_found,),
    "delivery.reminded": (confirmations_wanted,),
    "increment.waiting": (confirmations_wanted,),
}


def react(uow: UnitOfWork) -> int:
    """React to one batch of what happened, in order; how many rows there were.

    What raises blocks nobody: its kind is tried row by row, and a row that failed three times is set aside with
    the reason, for an administrator to see.
    """
    ids = claim(
        uow.session,
        Activity,
        Activity.awaited,
        Activity.reacted_at.is_(None),
        order=(Activity.id,),
        limit=BATCH,
        values={"reacted_at": uow.now},
    )
    if not ids:
        return 0
    by_kind: dict[str, list[int]] = {}
    kinds = sa.select(Activity.kind, Activity.id).where(Activity.id.in_(ids)).order_by(Activity.id)
    for kind, id in uow.session.execute(kinds):
        by_kind.setdefault(kind, []).append(id)
    for same in by_kind.values():
        if _raised(uow, same) is not None:
            _one_by_one(uow, same)
    return len(ids)


def set_aside(session: Session, limit: int = 200) -> Sequence[Activity]:
    """What failed for good, the newest first."""
    aside = sa.select(Activity).where(Activity.trouble != "").order_by(Activity.id.desc())
    return session.scalars(aside.limit(limit)).all()


def count_set_aside(session: Session) -> int:
    return session.scalar(sa.select(sa.func.count(Activity.id)).where(Activity.trouble != "")) or 0


def try_again(uow: UnitOfWork, actor: User) -> int:
    """Put back all that was set aside, after its cause was mended; how many rows."""
    require(actor, "manage_installation")
    again = uow.session.execute(
        sa.update(Activity)
        .where(Activity.trouble != "")
        .values(reacted_at=None, tries=0, trouble="")
        .returning(Activity.id)
        .execution_options(synchronize_session=False)
    )
    return len(again.all())


def _raised(uow: UnitOfWork, ids: Sequence[int]) -> Exception | None:
    """Let what must follow follow, all of it or nothing; the error when it did not."""
    later = len(uow.afterwards)
    try:
        with uow.session.begin_nested():
            rows = _rows(uow.session, ids)
            for reaction in REACTIONS.get(rows[0].kind, ()):
                reaction(uow, rows)
            uow.session.flush()
    except Exception as error:
        del uow.afterwards[later:]
        return error
    return None


def _rows(session: Session, ids: Sequence[int]) -> Sequence[Activity]:
    """Taken out of the session: what follows expires it, and each row would be read once more."""
    query = sa.select(Activity).where(Activity.id.in_(ids)).order_by(Activity.id)
    rows = session.scalars(query.execution_options(populate_existing=True)).all()
    for row in rows:
        session.expunge(row)
    return rows


def _one_by_one(uow: UnitOfWork, ids: Sequence[int]) -> None:
    for id in ids:
        error = _raised(uow, [id])
        if error is not None:
            log.error("a reaction failed", activity=id, exc_info=error)
            _put_back(uow, id, error)


def _put_back(uow: UnitOfWork, id: int, error: Exception) -> None:
    row = uow.session.get_one(Activity, id, populate_existing=True)
    row.tries += 1
    if row.tries < TRIES:
        row.reacted_at = None
    else:
        row.trouble = f"{type(error).__name__}: {error}"[:2000]
    uow.session.flush()
