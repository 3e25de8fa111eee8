"""At each look into a mailbox: which drafts still stand there, which of them were sent, and which are gone.

The rule: 1 to 3 complete the task; 4 completes it and can be undone; two candidates → ask. Draft gone and nothing sent
for 10 minutes → the task says "draft deleted" and stays open (spec/5).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.accounts.reaching import own_account
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.mailbox_drafts.keeping import TELLS_LATE, drafts_to_match, expected, seen
from sales_campaigns.messages.mailbox_drafts.matching import Signal, match
from sales_campaigns.messages.mailbox_drafts.models import MailboxDraft, OwnMail
from sales_campaigns.messages.mailbox_drafts.models import MailboxDraftState as S
from sales_campaigns.messages.mailbox_drafts.states import LIVE, MAILBOX_DRAFT
from sales_campaigns.ports import Drafts, DraftState, Found, Place
from sales_campaigns.unit_of_work import UnitOfWork, unit_of_work

AT_ONCE = 60
DELETED_AFTER = 600  # seconds
UNANSWERED = "The mailbox did not answer when it was to be put there. Try again."
LISTED_WITHIN = 600  # seconds: an index may be minutes late with a draft that was made
BEING_MADE = 120  # seconds in which whoever asked for it still waits for the answer


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the mailbox says of one draft: whether it stands there, or where a mail with its key stands."""

    id: int
    there: bool
    found: Found | None = None


@dataclass(frozen=True, slots=True)
class Watched:
    """`soon`: drafts of ours stand there, and it is worth looking again soon. `settled`: how many mails were news."""

    soon: bool = False
    settled: int = 0


def watch_drafts(room: PostRoom, mailbox_id: int) -> Watched:
    """Look after the drafts of this mailbox. Raises Outside."""
    with unit_of_work(room.reads, room.clock) as uow:
        wanted = _to_ask(uow, mailbox_id)
        if not wanted and uow.session.scalar(_waiting(mailbox_id).limit(1)) is None:
            return Watched()
        box = uow.session.get_one(Mailbox, mailbox_id)
        account = own_account(box, room.seal, room.access) if wanted else None
    drafts = room.drafts.open(account) if room.drafts is not None and account is not None else None
    asked: list[_Asked] = []
    if drafts is not None:
        with closing(drafts):
            asked = [_ask(drafts, draft) for draft in wanted]
    with unit_of_work(room.sessions, room.clock) as uow:
        _note(uow, asked)
        settled = settle(uow, mailbox_id)
        _give_up(uow, mailbox_id)
    return Watched(bool(wanted), settled)


def settle(uow: UnitOfWork, mailbox_id: int) -> int:
    """Give each mail that waits to the draft that it was, in the order in which they left; how many were given."""
    waiting = uow.session.scalars(_waiting(mailbox_id)).all()
    drafts = {one.id: one for one in drafts_to_match(uow, mailbox_id)} if waiting else {}
    for mail in waiting:
        free = (one for one in drafts.values() if one.state is not S.SENT or one.signal is Signal.SAID)
        found = match(seen(mail), map(expected, free))
        if found is None:
            _let_go(uow, mail)
        elif found.signal is None:
            mail.asked = [] if mail.scheduled else list(found.drafts)
        else:
            _take(uow, mail, drafts[found.drafts[0]], found.signal)
    uow.session.flush()
    return sum(mail.settled_at is not None for mail in waiting)


def about(draft: MailboxDraft) -> dict[str, object]:
    """The columns of Activity that tell what a draft is about."""
    return {"team_id": draft.team_id, "person_id": draft.person_id, "task_id": draft.task_id}


def _take(uow: UnitOfWork, mail: OwnMail, draft: MailboxDraft, signal: Signal) -> None:
    mail.draft_id, mail.settled_at, mail.asked = draft.id, uow.now, []
    if mail.scheduled:
        if MAILBOX_DRAFT.allows(draft.state, "schedule"):
            uow.move(MAILBOX_DRAFT, draft, "schedule", about=about(draft), gone_at=None)
        return
    told = {**about(draft), "data": {"draft": draft.id, "mail": mail.id, "signal": signal}}
    if draft.state is S.SENT:  # its rep said so before: now we know what it was
        uow.record("mailbox draft.found", **told)
        draft.signal = signal
        return
    uow.move(MAILBOX_DRAFT, draft, "send", about=told, signal=signal, ended_at=uow.now)


def _let_go(uow: UnitOfWork, mail: OwnMail) -> None:
    """Nothing of ours for now; it is kept as long as a draft may still turn out to be gone."""
    mail.asked = []
    if mail.at < uow.now - TELLS_LATE:
        uow.session.delete(mail)


def _to_ask(uow: UnitOfWork, mailbox_id: int) -> Sequence[MailboxDraft]:
    """Those that were asked for longest ago. One that is just being made is left to whoever makes it."""
    young = uow.now - uow.people_seconds(BEING_MADE)
    settled = sa.or_(MailboxDraft.state != S.ASKED, MailboxDraft.checked_at <= young)
    mine = (MailboxDraft.mailbox_id == mailbox_id, MailboxDraft.state.in_(LIVE), settled)
    query = sa.select(MailboxDraft).where(*mine).order_by(MailboxDraft.checked_at, MailboxDraft.id)
    return uow.session.scalars(query.limit(AT_ONCE)).all()


def _ask(drafts: Drafts, draft: MailboxDraft) -> _Asked:
    if draft.draft_id and drafts.state(draft.draft_id) is DraftState.THERE:
        return _Asked(draft.id, there=True)
    found = drafts.find(draft.send_key)
    return _Asked(draft.id, there=found is not None and found.place is Place.DRAFTS, found=found)


def _note(uow: UnitOfWork, asked: Sequence[_Asked]) -> None:
    rows = {row.id: row for row in _locked(uow, [one.id for one in asked])}
    for one in asked:
        draft = rows.get(one.id)
        if draft is not None:
            _see(uow, draft, one)
    uow.session.flush()


def _see(uow: UnitOfWork, draft: MailboxDraft, one: _Asked) -> None:
    """One draft as the mailbox has it. A draft that its rep scheduled stands nowhere, and is no more missed. One whose
    making was not answered to the end stays asked for: whoever makes drafts finishes it.
    """
    if one.found is not None and one.there:
        draft.draft_id, draft.thread_id = one.found.id, one.found.thread_id or draft.thread_id
    if draft.state is S.ASKED:
        _wait_for(uow, draft, one)
        return
    draft.checked_at = uow.now
    if one.there:
        if draft.state is not S.MADE:
            uow.move(MAILBOX_DRAFT, draft, "make", about=about(draft), gone_at=None)
    elif draft.state is S.MADE:
        uow.move(MAILBOX_DRAFT, draft, "miss", about=about(draft), gone_at=uow.now)


def _wait_for(uow: UnitOfWork, draft: MailboxDraft, one: _Asked) -> None:
    """Given up when it would be listed by now, and is not."""
    listed = draft.opened_at <= uow.now - uow.people_seconds(LISTED_WITHIN)
    if not one.there and (listed or draft.draft_id):
        uow.move(MAILBOX_DRAFT, draft, "give_up", about=about(draft), words=UNANSWERED, ended_at=uow.now)


def _give_up(uow: UnitOfWork, mailbox_id: int) -> None:
    """Gone for ten minutes, and nothing was sent. A mail that its rep has to say something of is waited for."""
    before = uow.now - uow.people_seconds(DELETED_AFTER)
    gone = (
        MailboxDraft.mailbox_id == mailbox_id,
        MailboxDraft.state == S.GONE,
        MailboxDraft.gone_at <= before,
    )
    asked = {id for ids in uow.session.scalars(_questions(mailbox_id)) for id in ids}
    for draft in uow.session.scalars(sa.select(MailboxDraft).where(*gone)).all():
        if draft.id not in asked:
            uow.move(MAILBOX_DRAFT, draft, "delete", about=about(draft), ended_at=uow.now)


def _waiting(mailbox_id: int) -> sa.Select[OwnMail]:
    mine = (OwnMail.mailbox_id == mailbox_id, OwnMail.settled_at.is_(None))
    return sa.select(OwnMail).where(*mine).order_by(OwnMail.at, OwnMail.id)


def _questions(mailbox_id: int) -> sa.Select[list[int]]:
    return sa.select(OwnMail.asked).where(OwnMail.mailbox_id == mailbox_id, OwnMail.settled_at.is_(None))


def _locked(uow: UnitOfWork, ids: Sequence[int]) -> Sequence[MailboxDraft]:
    mine = MailboxDraft.id.in_(ids)
    query = sa.select(MailboxDraft).where(mine).order_by(MailboxDraft.id).with_for_update(of=MailboxDraft)
    return uow.session.scalars(query.execution_options(populate_existing=True)).all()
