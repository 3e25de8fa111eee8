"""Empty the outbox: claim a batch of a mailbox that has due mail (`due_mail`), gate, hand over and record it.

A rep's own mailbox gates one mail after the other; a bulk lane gates so many at once, hands them over side by side, and
takes the next ones meanwhile (`relaying`). The steps are the same.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.authorising.access import Access
from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.accounts.reaching import account_of
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.clock import Clock, machine_seconds
from sales_campaigns.content.bundles import Parts
from sales_campaigns.content.models import Wording
from sales_campaigns.database import Sessions, is_deadlock
from sales_campaigns.messages.batch_sizes import (
    GATED_AT_MOST,
    GATED_AT_ONCE,
    first_size,
    next_size,
)
from sales_campaigns.messages.handing_over.bulk_gate import NOTHING, Lane, Taken, take
from sales_campaigns.messages.handing_over.claiming import Claim, claim_due, give_back
from sales_campaigns.messages.handing_over.due_mail import is_open
from sales_campaigns.messages.handing_over.gate import Gated, gate
from sales_campaigns.messages.handing_over.journal import journal_in
from sales_campaigns.messages.handing_over.recording import (
    Answer,
    record_hand_overs,
    record_never_begun,
    stops_mailbox,
)
from sales_campaigns.messages.handing_over.relaying import Hands
from sales_campaigns.messages.handing_over.way_out import Batch, WayOut
from sales_campaigns.messages.letters.carrying import made_at_once
from sales_campaigns.messages.letters.marking import Outward
from sales_campaigns.messages.letters.postmarks import NO_POSTMARK, Postmark
from sales_campaigns.ports import (
    DraftFolders,
    Knocks,
    MailProviders,
    MailReaders,
)
from sales_campaigns.ports.crm import Crms
from sales_campaigns.ports.programs import HookCaller
from sales_campaigns.unit_of_work import UnitOfWork, unit_of_work

BATCH = 50
BULK_BATCH = 1_000
TAKEN_AT_MOST = 10_000  # of a bulk lane that takes them as it goes: nothing lies claimed meanwhile


@dataclass(frozen=True)
class PostRoom:
    """What dispatching needs: the database, the time, the way out, and this process's name.

    `bulk_allowed`: whether PUBLIC_URL lets bulk deliveries begin (settings). `ending` is set when this process
    should end: what is being handed over is finished, the rest of the batch is given back. `outward`: how our pages
    are reached from outside; None leaves every mark out of the mails. `postmark`: what mails bear beside their words.
    `outside` stands around each wait for a server.
    """

    sessions: Sessions
    reads: Sessions
    clock: Clock
    providers: MailProviders
    seal: Seal
    owner: str
    lease_seconds: int = 900
    journals: Path | None = None  # where hand-overs are noted, so that a killed process leaves less in doubt
    bulk_allowed: bool = True
    readers: MailReaders | None = None  # None where no mailbox is read
    knocks: Knocks | None = None  # None where no provider says by itself that something came
    outward: Outward | None = None
    postmark: Postmark = NO_POSTMARK
    crms: Crms | None = None  # None where no CRM is connected
    access: Access | None = None  # renews what was granted; None where every mailbox has a password
    drafts: DraftFolders | None = None  # where a mail in doubt is looked for; None where nobody has drafts
    hooks: HookCaller | None = None  # None where no webhook is called
    ending: threading.Event = field(default_factory=threading.Event, compare=False)
    outside: Callable[[], AbstractContextManager[None]] = nullcontext


@dataclass
class _Round:
    """What is still to be gated, what was let through and has not begun, what was answered and is not recorded yet.

    `at_once` is how many are gated together, and `most` what it never exceeds. Wordings and files never change, so
    those read before are known. `lane`: of a bulk lane, which takes up to `left` mails as it goes, and lets so many
    `batches` through at a time.
    """

    room: PostRoom
    out: WayOut
    waiting: deque[Claim]
    bulk: bool
    at_once: int = 1
    most: int = GATED_AT_MOST
    lane: Lane | None = None
    left: int = 0
    batches: int = 1
    taken: int = 0
    let_through: Batch | None = None
    answers: list[Answer] = field(default_factory=list)
    wordings: dict[int, Wording] = field(default_factory=dict)
    files: dict[int, Parts] = field(default_factory=dict)


def bulk_lanes(session: Session) -> list[int]:
    """The mailboxes that are relays for many mails."""
    return list(session.scalars(sa.select(Mailbox.id).where(Mailbox.bulk_lane)))


def dispatch(room: PostRoom, mailbox_id: int, batch: int | None = None) -> int:
    """Send up to one batch of this mailbox's due mail; how many were taken: none of one that has to wait."""
    with unit_of_work(room.sessions, room.clock) as uow:
        box = uow.session.get_one(Mailbox, mailbox_id)
        if not is_open(box):
            return 0
        limit = batch or (TAKEN_AT_MOST if box.bulk_lane else BATCH)
        claims = [] if box.bulk_lane else claim_due(uow, mailbox_id, room.owner, room.lease_seconds, limit)
        account = account_of(box, room.seal, room.access) if claims or box.bulk_lane else None
        ahead = room.clock.real and uow.session.get_bind().dialect.name == "postgresql"
    if account is None:
        return 0
    waiting = deque(claims)
    try:
        with closing(room.providers.open(account)) as provider:
            noted = room.journals if provider.capabilities.announces else None
            with journal_in(noted, room.owner) as journal:
                logged = room.clock.real and not box.bulk_lane
                out = WayOut(provider, journal, room.sessions, room.clock, logged, room.outside)
                now = _Round(room, out, waiting, box.bulk_lane, taken=len(claims))
                if now.bulk:
                    _take_as_it_goes(now, box.id, limit, ahead=ahead)
                _send_all(now)
                return now.taken
    finally:
        if waiting:
            _give_back(room, waiting)


def _take_as_it_goes(now: _Round, mailbox_id: int, limit: int, *, ahead: bool) -> None:
    """A bulk lane: none of its mails lies claimed while others are handed over.

    It takes the next ones while others are handed over (`ahead`) where another process does part of the work, as with
    PostgreSQL, and time is real: else one thing happens after the other, so that what happens is the same again. Where
    no journal tells what never began, one batch is enough to be in doubt.
    """
    room = now.room
    known = (room.outward, now.out.journal, now.wordings)
    now.lane = Lane(mailbox_id, room.owner, room.lease_seconds, *known, postmark=room.postmark)
    now.batches = 2 if ahead and now.out.journal is not None else 1
    now.at_once, now.left = first_size(now.batches), limit


def _send_all(now: _Round) -> None:
    """The record of what was handed over and the gate of the next share a transaction: half as many commits."""
    try:
        while _goes_on(now):
            if now.waiting:
                _relay(now, _gate_next, lambda: bool(now.waiting), beside=False)
            else:
                _relay(now, _take_next, lambda: not now.waiting, beside=now.batches > 1)
    finally:  # answers are written down whatever becomes of the next messages
        if now.answers or now.let_through:
            _end(now)


def _goes_on(now: _Round) -> bool:
    """Whether there is more to do and nothing says no."""
    more = now.waiting or now.left
    return bool(more) and not (now.room.ending.is_set() or _stopped(now.answers))


def _stopped(answers: Sequence[Answer]) -> bool:
    return any(stops_mailbox(one.hand_over) for one in answers)


def _relay(
    now: _Round, take_next: Callable[[_Round], list[Gated]], wanted: Callable[[], bool], *, beside: bool
) -> None:
    with Hands(now.out.hand_over, partial(_answered, now), beside=beside) as hands:
        while wanted() and _goes_on(now):
            begun = machine_seconds()
            now.let_through = Batch(take_next(now))
            now.let_through.seconds = machine_seconds() - begun
            hands.finish()
            if _stopped(now.answers):
                return
            batch, now.let_through = now.let_through, None
            if batch.gated:
                hands.begin(batch)


def _gate_next(now: _Round) -> list[Gated]:
    """Where a batch cannot be looked at, one of it may be why: from then on they are looked at singly."""
    claims = [now.waiting.popleft() for _ in range(min(now.at_once, len(now.waiting)))]
    try:
        return _next(now, claims)
    except sa.exc.DBAPIError as error:
        if len(claims) == 1 and not is_deadlock(error):
            raise
        now.waiting.extendleft(reversed(claims))
        now.at_once, now.bulk = 1, False
        return []


def _take_next(now: _Round) -> list[Gated]:
    """A batch that the database cannot look at is claimed, and looked at singly."""
    assert now.lane is not None
    try:
        with unit_of_work(now.room.sessions, now.room.clock) as uow:
            record_hand_overs(uow, now.answers)
            taken = _take(uow, now, now.lane)
        now.answers = []
    except sa.exc.DBAPIError:
        now.most, now.bulk = 1, False
        with unit_of_work(now.room.sessions, now.room.clock) as uow:
            taken = _claim_rest(uow, now, now.lane)
    found = len(taken.gated) + len(taken.aside)
    now.taken, now.left = now.taken + found, max(0, now.left - found)
    now.at_once = min(now.at_once, now.most)
    now.waiting.extend(taken.aside)
    return taken.gated


def _take(uow: UnitOfWork, now: _Round, lane: Lane) -> Taken:
    drafts = now.out.provider.capabilities.drafts
    taken = NOTHING if drafts else take(uow, lane, min(now.at_once, now.left))
    if taken == NOTHING:
        taken = _claim_rest(uow, now, lane)
    ids = [claim.message_id for claim in taken.aside]
    now.most = made_at_once(uow.session, ids, GATED_AT_ONCE) if ids else GATED_AT_MOST
    return taken


def _claim_rest(uow: UnitOfWork, now: _Round, lane: Lane) -> Taken:
    """What is not taken as it goes: where a provider has drafts, where somebody writes what stands around it."""
    most, now.left = min(now.left, BULK_BATCH), 0
    return Taken([], claim_due(uow, lane.mailbox_id, lane.owner, lane.lease_seconds, most))


def _next(now: _Round, claims: Sequence[Claim]) -> list[Gated]:
    if now.out.journal is not None:
        now.out.journal.gates(claims)
    with unit_of_work(now.room.sessions, now.room.clock) as uow:
        record_hand_overs(uow, now.answers)
        drafts = now.out.provider.capabilities.drafts
        known = (now.wordings, now.room.outward, now.files)
        gated = gate(uow, claims, *known, drafts=drafts, postmark=now.room.postmark)
    now.answers = []
    return gated


def _end(now: _Round) -> None:
    """What was let through and not begun, as its mailbox was stopped or something failed, waits again."""
    with unit_of_work(now.room.sessions, now.room.clock) as uow:
        record_hand_overs(uow, now.answers)
        if now.let_through is not None:
            record_never_begun(uow, [one.passed for one in now.let_through.gated])


def _answered(now: _Round, batch: Batch) -> None:
    now.answers += batch.answers
    if now.bulk:
        size = sum(len(one.mail.mime) for one in batch.gated)
        now.at_once = min(now.most, next_size(len(batch.gated), size, batch.seconds, now.batches))


def _give_back(room: PostRoom, waiting: Sequence[Claim]) -> None:
    """The one that failed waits for its lease: others come first."""
    with unit_of_work(room.sessions, room.clock) as uow:
        give_back(uow, waiting)
