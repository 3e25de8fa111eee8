"""Put the mail of a task into its rep's mailbox, or write it anew there: committed before the mailbox is asked.

The rule: *Open in Gmail* makes or refreshes the draft and answers the best link first (spec/5). An answer that is lost
leaves no second draft: it is looked for by its key before another one is made.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa

from sales_campaigns.accounts.authorising.access import Access
from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.reaching import own_account
from sales_campaigns.accounts.roles import require
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.clock import Clock
from sales_campaigns.database import Sessions
from sales_campaigns.enrollments.mailbox_drafts.preparing import Prepared, prepare
from sales_campaigns.errors import IllegalMove, Invalid, NotFound, Outside, OutsideKind
from sales_campaigns.messages.mailbox_drafts.models import MailboxDraft
from sales_campaigns.messages.mailbox_drafts.models import MailboxDraftState as S
from sales_campaigns.messages.mailbox_drafts.states import LIVE, MAILBOX_DRAFT
from sales_campaigns.messages.mailbox_drafts.watching import BEING_MADE, LISTED_WITHIN, about
from sales_campaigns.people.models import Person
from sales_campaigns.ports import Draft, Drafted, DraftFolders, Drafts, DraftVersions, MailAccount, Place
from sales_campaigns.tasks.models import Task, TaskKind, TaskState
from sales_campaigns.tasks.working import task_of
from sales_campaigns.unit_of_work import UnitOfWork, unit_of_work

LABEL = "Sales tasks"
LOOKED_FOR = (
    "Your mailbox did not say whether the draft stands there; it is looked for. Try again in some minutes."
)
NO_DRAFTS = "This mailbox holds no drafts for us. Write the mail here."


@dataclass(frozen=True)
class DraftDesk:
    """What putting drafts into mailboxes needs."""

    sessions: Sessions
    clock: Clock
    seal: Seal
    access: Access | None
    folders: DraftFolders | None


@dataclass(frozen=True, slots=True)
class _Begun:
    """A draft on its way: what is to stand there, and what is known to stand there already."""

    id: int
    account: MailAccount
    draft: Draft
    prepared: Prepared
    draft_id: str
    version: str
    again: bool
    changed: bool
    finished: bool  # it was put there to the end
    unlisted: bool  # it may stand there all the same when the mailbox does not list it
    by_itself: bool


def open_in_mailbox(desk: DraftDesk, actor_id: int, task_id: int, *, waits: bool = False) -> int:
    """Our number of the draft that stands there now. No transaction is open while the mailbox is asked.

    Raises Invalid for what cannot be sent, IllegalMove when the task is over, Outside when the mailbox does not answer.
    """
    with unit_of_work(desk.sessions, desk.clock) as uow:
        begun = _begin(uow, desk, actor_id, task_id, waits=waits)
    drafts = desk.folders.open(begun.account) if desk.folders is not None else None
    if drafts is None:
        _again(desk, begun, stands_nowhere=True)
        raise Invalid(NO_DRAFTS)
    try:
        with closing(drafts):
            drafted = _stand(drafts, begun)
    except Unlisted:
        _again(desk, begun)
        raise
    except NotFound as gone:
        raise IllegalMove("The draft is gone from your mailbox. What became of it is looked for.") from gone
    except Outside as refused:
        _again(desk, begun, stands_nowhere=refused.kind is not OutsideKind.TRANSIENT)
        raise
    with unit_of_work(desk.sessions, desk.clock) as uow:
        _keep(uow, begun, drafted)
    return begun.id


class Unlisted(IllegalMove):
    """Another draft would perhaps be the second one."""


def live_draft(uow: UnitOfWork, task_id: int) -> MailboxDraft | None:
    mine = (MailboxDraft.task_id == task_id, MailboxDraft.state.in_(LIVE))
    return uow.session.scalar(sa.select(MailboxDraft).where(*mine))


def task_to_draft(uow: UnitOfWork, actor: User, task_id: int) -> Task:
    """The actor's own e-mail task, locked, its mail not written yet. Raises IllegalMove otherwise."""
    require(actor, "work_tasks")
    task = task_of(uow, actor, task_id)
    uow.session.refresh(task, with_for_update={"of": Task})
    if task.kind is not TaskKind.EMAIL or task.state is not TaskState.OPEN or task.person_id is None:
        raise IllegalMove("There is no mail to send for this task any more.")
    if task.message_id is not None:
        raise IllegalMove("The mail of this task is on its way already.")
    if task.assignee_id != actor.id:
        raise IllegalMove("This task is a teammate's: the draft belongs into the teammate's mailbox.")
    return task


def _begin(uow: UnitOfWork, desk: DraftDesk, actor_id: int, task_id: int, *, waits: bool) -> _Begun:
    actor = uow.session.get_one(User, actor_id)
    task = task_to_draft(uow, actor, task_id)
    person = uow.session.get_one(Person, task.person_id)
    known = live_draft(uow, task.id)
    _only_one(uow, known)
    key = known.send_key if known is not None else f"t.{secrets.token_hex(12)}"
    prepared = prepare(uow, actor, task, person, key)
    row = known or _new(uow, task, prepared, key, waits=waits)
    begun = _Begun(
        id=row.id,
        account=own_account(prepared.mailbox, desk.seal, desk.access),
        draft=Draft(key, prepared.mime, prepared.thread, LABEL, made=partial(_note, desk, row.id)),
        prepared=prepared,
        draft_id=row.draft_id,
        version=row.version,
        again=known is not None,
        changed=row.wrote != prepared.wrote or not row.links,
        finished=row.state is not S.ASKED,
        unlisted=row.opened_at > uow.now - uow.people_seconds(LISTED_WITHIN),
        by_itself=waits,
    )
    row.checked_at = row.written_at = uow.now
    uow.session.flush()
    return begun


def _only_one(uow: UnitOfWork, known: MailboxDraft | None) -> None:
    """Two tabs are one draft: whoever comes second waits until the first has its answer."""
    young = uow.now - uow.people_seconds(BEING_MADE)
    if known is not None and known.state is S.ASKED and known.checked_at > young:
        raise IllegalMove("It is being put into your mailbox right now. Look again in a moment.")
    if known is not None and known.state in (S.SCHEDULED, S.GONE):
        raise IllegalMove(f"This draft cannot be opened: {MAILBOX_DRAFT.sentences[known.state]}")


def _new(uow: UnitOfWork, task: Task, prepared: Prepared, key: str, *, waits: bool) -> MailboxDraft:
    assert task.person_id is not None
    row = MailboxDraft(
        team_id=task.team_id,
        mailbox_id=prepared.mailbox.id,
        task_id=task.id,
        person_id=task.person_id,
        send_key=key,
        opened_at=uow.now,
        checked_at=uow.now,
        written_at=uow.now,
        waits=waits,
        **_said(uow, task.person_id, prepared),
    )
    uow.session.add(row)
    uow.session.flush()
    return row


def _said(uow: UnitOfWork, person_id: int, prepared: Prepared) -> dict[str, Any]:
    email = uow.session.get_one(Person, person_id).email.lower()
    return {"email": email, "subject": prepared.typed.subject, "html": prepared.typed.html}


def _stand(drafts: Drafts, begun: _Begun) -> Drafted | None:
    """Let it stand there. None where it stands already and is to stay as it is, because its rep wrote in it."""
    if begun.draft_id and begun.finished:
        return _refresh(drafts, begun)
    if begun.draft_id:
        return _finished(drafts, begun, begun.draft_id)
    found = drafts.find(begun.draft.send_key) if begun.again else None
    if found is not None:
        return _finished(drafts, begun, found.id) if found.place is Place.DRAFTS else None
    if begun.again and begun.unlisted:
        raise Unlisted(LOOKED_FOR)
    return drafts.put(begun.draft)


def _finished(drafts: Drafts, begun: _Begun, id: str) -> Drafted:
    """What the rep has just asked for is written; by itself nothing is written over."""
    return drafts.finish(id, begun.draft) if begun.by_itself else drafts.update(id, begun.draft)


def _refresh(drafts: Drafts, begun: _Begun) -> Drafted | None:
    """Where nobody knows which version was ours, somebody may have written in it."""
    if not (isinstance(drafts, DraftVersions) and begun.changed and begun.version):
        return None
    untouched = drafts.version(begun.draft_id) == begun.version
    return drafts.update(begun.draft_id, begun.draft) if untouched else None


def _keep(uow: UnitOfWork, begun: _Begun, drafted: Drafted | None) -> None:
    """A task that was ended meanwhile takes its draft away at the next tick: the id is known now."""
    row = uow.session.get_one(
        MailboxDraft, begun.id, with_for_update={"of": MailboxDraft}, populate_existing=True
    )
    if drafted is None:
        return
    row.draft_id, row.thread_id, row.version = drafted.id, drafted.thread_id or "", drafted.version
    names = {*row.names.split(), begun.prepared.message_id, drafted.message_id or ""} - {""}
    row.names, row.wrote = " ".join(sorted(names)), begun.prepared.wrote
    row.links = [[link.label, link.url, link.exact] for link in drafted.links]
    for name, value in _said(uow, row.person_id, begun.prepared).items():
        setattr(row, name, value)
    if row.state is S.ASKED:
        uow.move(MAILBOX_DRAFT, row, "make", about=about(row))


def _note(desk: DraftDesk, id: int, draft_id: str) -> None:
    """Whatever breaks from here on, it is found again without being looked for."""

    def keep(uow: UnitOfWork) -> None:
        uow.session.get_one(MailboxDraft, id).draft_id = draft_id

    _in_one_transaction(desk, keep)


def _again(desk: DraftDesk, begun: _Begun, *, stands_nowhere: bool = False) -> None:
    """It may be tried again at once: whether it stands there is looked for first, unless a clear no says so."""

    def settle(uow: UnitOfWork) -> None:
        row = uow.session.get_one(MailboxDraft, begun.id)
        row.checked_at = uow.now - 2 * uow.people_seconds(BEING_MADE)
        if stands_nowhere:
            row.opened_at = min(row.opened_at, uow.now - uow.people_seconds(LISTED_WITHIN))

    _in_one_transaction(desk, settle)


def _in_one_transaction(desk: DraftDesk, act: Callable[[UnitOfWork], None]) -> None:
    with unit_of_work(desk.sessions, desk.clock) as uow:
        act(uow)
