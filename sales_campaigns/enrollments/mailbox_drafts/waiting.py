"""Drafts that wait in the mailbox: put there when an e-mail task opens, taken away when it ends otherwise.

The rule: the draft is made when the task opens, under the label or category *Sales tasks*, rewritten while untouched,
removed when the task closes otherwise (spec/5).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import aliased

from sales_campaigns.accounts.mailboxes import BY_CONSENT, mailbox_of
from sales_campaigns.accounts.models import Grant, Mailbox, MailboxState, User
from sales_campaigns.accounts.reaching import own_account
from sales_campaigns.accounts.roles import require
from sales_campaigns.enrollments.mailbox_drafts.making import DraftDesk, open_in_mailbox
from sales_campaigns.errors import IllegalMove, Invalid, NotFound, Outside
from sales_campaigns.messages.mailbox_drafts.models import MailboxDraft
from sales_campaigns.messages.mailbox_drafts.models import MailboxDraftState as S
from sales_campaigns.messages.mailbox_drafts.states import MAILBOX_DRAFT
from sales_campaigns.messages.mailbox_drafts.watching import BEING_MADE, LISTED_WITHIN, about
from sales_campaigns.ports import Drafts, DraftState, Place
from sales_campaigns.tasks.models import Task, TaskKind, TaskState
from sales_campaigns.unit_of_work import UnitOfWork, unit_of_work

log = structlog.get_logger()
AT_ONCE = 20
WRITTEN_ANEW = timedelta(minutes=15)  # so soon does a draft say what the campaign says now


def let_drafts_wait(uow: UnitOfWork, actor: User, *, wanted: bool) -> Mailbox:
    """Whether drafts of the actor's due e-mail tasks stand in the mailbox by themselves. Raises NotFound."""
    require(actor, "work_tasks")
    box = mailbox_of(uow.session, actor)
    if box is None:
        raise NotFound("Connect a mailbox first.")
    if box.drafts_wait != wanted:
        box.drafts_wait = wanted
        data = {"wanted": wanted, "address": box.address}
        uow.record("mailbox.drafts_wait", actor_id=actor.id, team_id=actor.team_id, data=data)
    return box


def mailboxes_to_tend(uow: UnitOfWork) -> Sequence[int]:
    """Those into which a draft is to be put, and those from which one is to be taken away."""
    tended = sa.or_(
        Mailbox.drafts_wait & sa.or_(_missing(uow), _old(uow)).self_group(),
        sa.exists().where(MailboxDraft.mailbox_id == Mailbox.id, *_unfinished(uow)).correlate(Mailbox),
        sa.exists().where(MailboxDraft.mailbox_id == Mailbox.id, *_left_over(uow)).correlate(Mailbox),
    )
    granted = sa.exists().where(Grant.mailbox_id == Mailbox.id).correlate(Mailbox)
    reached = (Mailbox.provider.in_(BY_CONSENT), Mailbox.state == MailboxState.CONNECTED, granted)
    return uow.session.scalars(sa.select(Mailbox.id).where(*reached, tended).order_by(Mailbox.id)).all()


def tend(desk: DraftDesk, mailbox_id: int) -> int:
    """One round for one mailbox; how many drafts came, went or were looked through."""
    try:
        return _take_away(desk, mailbox_id) + _put_there(desk, mailbox_id)
    except Outside as refused:
        log.warning("the drafts of a mailbox cannot be tended", mailbox=mailbox_id, why=refused.words)
        return 0


def _put_there(desk: DraftDesk, mailbox_id: int) -> int:
    with unit_of_work(desk.sessions, desk.clock) as uow:
        box = uow.session.get_one(Mailbox, mailbox_id)
        user_id = box.user_id
        half = sa.exists().where(MailboxDraft.task_id == Task.id, *_unfinished(uow)).correlate(Task)
        wanted = [half, *([_without_draft(), _with_old_draft(uow)] if box.drafts_wait else [])]
        mine = (Task.assignee_id == user_id, *_to_write(uow), sa.or_(*wanted).self_group())
        ids = uow.session.scalars(sa.select(Task.id).where(*mine).order_by(Task.due_at).limit(AT_ONCE)).all()
    for task_id in ids:
        try:
            open_in_mailbox(desk, user_id, task_id, waits=True)
        except (Invalid, IllegalMove) as refused:
            _cannot(desk, task_id, mailbox_id, str(refused))
    return len(ids)


def _cannot(desk: DraftDesk, task_id: int, mailbox_id: int, words: str) -> None:
    """Said once; the rep opens it by hand when what was missing is there."""
    with unit_of_work(desk.sessions, desk.clock) as uow:
        task = uow.session.get_one(Task, task_id)
        known = uow.session.scalar(_of_task(task_id).limit(1))
        if known is not None or task.person_id is None:
            _later(uow, known)
            return
        at = dict.fromkeys(("opened_at", "checked_at", "written_at", "ended_at"), uow.now)
        row = MailboxDraft(
            team_id=task.team_id, mailbox_id=mailbox_id, task_id=task_id, person_id=task.person_id, **at
        )
        row.state, row.words, row.waits, row.email = S.UNMADE, words, True, ""
        row.send_key = f"t.unmade.{task_id}.{uow.now:%Y%m%d%H%M%S}"
        uow.session.add(row)


def _later(uow: UnitOfWork, draft_id: int | None) -> None:
    """One that cannot be finished now is tried again when whoever asks for it would have had an answer."""
    uow.session.execute(
        sa.update(MailboxDraft)
        .where(MailboxDraft.id == draft_id, MailboxDraft.state == S.ASKED)
        .values(checked_at=uow.now)
    )


def _take_away(desk: DraftDesk, mailbox_id: int) -> int:
    with unit_of_work(desk.sessions, desk.clock) as uow:
        mine = (MailboxDraft.mailbox_id == mailbox_id, *_left_over(uow))
        left = uow.session.scalars(sa.select(MailboxDraft).where(*mine).limit(AT_ONCE)).all()
        account = (
            own_account(uow.session.get_one(Mailbox, mailbox_id), desk.seal, desk.access) if left else None
        )
    drafts = desk.folders.open(account) if desk.folders is not None and account is not None else None
    if drafts is None:
        return 0
    with closing(drafts):
        for draft in left:
            _end(desk, draft.id, gone=_taken(drafts, draft))
    return len(left)


def _taken(drafts: Drafts, draft: MailboxDraft) -> bool:
    """Whether it is gone by itself: then it may have been sent, which the next look into the mailbox finds out."""
    found = None if draft.draft_id else drafts.find(draft.send_key)
    id = draft.draft_id or (found.id if found is not None and found.place is Place.DRAFTS else "")
    if not id:
        return found is not None
    if drafts.state(id) is DraftState.GONE:
        return True
    drafts.delete(id)
    return False


def _end(desk: DraftDesk, draft_id: int, *, gone: bool) -> None:
    with unit_of_work(desk.sessions, desk.clock) as uow:
        draft = uow.session.get_one(MailboxDraft, draft_id, with_for_update={"of": MailboxDraft})
        if gone and MAILBOX_DRAFT.allows(draft.state, "miss"):
            uow.move(MAILBOX_DRAFT, draft, "miss", about=about(draft), gone_at=uow.now)
        elif MAILBOX_DRAFT.allows(draft.state, "remove"):
            uow.move(MAILBOX_DRAFT, draft, "remove", about=about(draft), ended_at=uow.now)


def _left_over(uow: UnitOfWork) -> tuple[sa.ColumnElement[bool], ...]:
    """A draft whose task is over, or written elsewhere, or somebody else's now."""
    young = uow.now - uow.people_seconds(BEING_MADE)
    listed = MailboxDraft.opened_at <= uow.now - uow.people_seconds(LISTED_WITHIN)
    known = sa.or_(MailboxDraft.draft_id != "", listed)
    unanswered = sa.and_(MailboxDraft.state == S.ASKED, MailboxDraft.checked_at <= young, known)
    box = aliased(Mailbox)
    waits = sa.exists().where(
        Task.id == MailboxDraft.task_id,
        Task.state == TaskState.OPEN,
        Task.message_id.is_(None),
        box.id == MailboxDraft.mailbox_id,
        Task.assignee_id == box.user_id,
    )
    return sa.or_(MailboxDraft.state == S.MADE, unanswered), ~waits.correlate(MailboxDraft)


def _unfinished(uow: UnitOfWork) -> tuple[sa.ColumnElement[bool], ...]:
    """A draft that is known to stand there, and whose making was not answered to the end."""
    young = uow.now - uow.people_seconds(BEING_MADE)
    return MailboxDraft.state == S.ASKED, MailboxDraft.draft_id != "", MailboxDraft.checked_at <= young


def _missing(uow: UnitOfWork) -> sa.ColumnElement[bool]:
    return (
        sa.exists()
        .where(Task.assignee_id == Mailbox.user_id, *_to_write(uow), _without_draft())
        .correlate(Mailbox)
    )


def _old(uow: UnitOfWork) -> sa.ColumnElement[bool]:
    mine = (Task.assignee_id == Mailbox.user_id, *_to_write(uow), _with_old_draft(uow))
    return sa.exists().where(*mine).correlate(Mailbox)


def _to_write(uow: UnitOfWork) -> tuple[sa.ColumnElement[bool], ...]:
    """Open e-mail tasks whose mail is not written yet; those that are snoozed come back later."""
    return (
        Task.kind == TaskKind.EMAIL,
        Task.state == TaskState.OPEN,
        Task.message_id.is_(None),
        Task.person_id.is_not(None),
        sa.or_(Task.snoozed_until.is_(None), Task.snoozed_until <= uow.now),
    )


def _without_draft() -> sa.ColumnElement[bool]:
    """None there, and none that its rep deleted or that could not be made."""
    return ~sa.exists().where(MailboxDraft.task_id == Task.id, MailboxDraft.state != S.REMOVED)


def _with_old_draft(uow: UnitOfWork) -> sa.ColumnElement[bool]:
    before = uow.now - WRITTEN_ANEW
    kept = (MailboxDraft.state == S.MADE, MailboxDraft.waits, MailboxDraft.written_at <= before)
    return sa.exists().where(MailboxDraft.task_id == Task.id, *kept)


def _of_task(task_id: int) -> sa.Select[int]:
    return sa.select(MailboxDraft.id).where(MailboxDraft.task_id == task_id, MailboxDraft.state != S.REMOVED)
