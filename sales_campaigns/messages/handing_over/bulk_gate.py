"""The gate of a bulk lane: due mails are taken, looked at and begun in one transaction and a handful of statements.

The rules, the locks and the bytes are those of the gate of every mail. What is not usual (files, edits, copies), what
a rule objects to, what a limit holds up or what cannot be made is claimed and left to the other gate,
which says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.claims import lease_until
from sales_campaigns.clock import machine_now
from sales_campaigns.content.fields import NAMES
from sales_campaigns.content.models import Wording
from sales_campaigns.content.wordings import known_again
from sales_campaigns.lifecycle import move_each
from sales_campaigns.messages.due_mails import DueMail
from sales_campaigns.messages.facts import facts_of, told_of
from sales_campaigns.messages.handing_over.bulk_mails import Bench, Made, made_of
from sales_campaigns.messages.handing_over.claiming import Claim, claim_these
from sales_campaigns.messages.handing_over.free_rows import Place, Way, all_free, due_rows, free_way
from sales_campaigns.messages.handing_over.gate import Gated, Passed
from sales_campaigns.messages.handing_over.journal import Journal
from sales_campaigns.messages.handing_over.recipes import hash_of
from sales_campaigns.messages.letters.marking import Outward, ways_of
from sales_campaigns.messages.letters.postmarks import NO_POSTMARK, Postmark, probed
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.pace.buckets import draw_for
from sales_campaigns.messages.pace.limits import Times, limits_for
from sales_campaigns.messages.states import MESSAGE
from sales_campaigns.messages.verdicts import verdict_on
from sales_campaigns.unit_of_work import UnitOfWork


@dataclass
class Lane:
    """One mailbox as one process sends from it: what is known of it from batch to batch.

    `reached` is the place of the last mail that was looked at.
    """

    mailbox_id: int
    owner: str
    lease_seconds: int
    outward: Outward | None = None
    journal: Journal | None = None
    wordings: dict[int, Wording] = field(default_factory=dict)
    reached: Place | None = None
    postmark: Postmark = NO_POSTMARK


@dataclass(frozen=True, slots=True)
class Taken:
    """`gated` may be handed over once the transaction stands; `aside` is claimed and goes through the other gate."""

    gated: list[Gated]
    aside: list[Claim]


NOTHING = Taken([], [])


def take(uow: UnitOfWork, lane: Lane, limit: int) -> Taken:
    """Take up to `limit` due mails of this lane behind those it has reached. Nothing waits for a lock."""
    rows = due_rows(uow.session, lane.mailbox_id, uow.now, lane.reached, limit)
    way = free_way(uow.session, lane.mailbox_id, {row.sender_id for row in rows}) if rows else None
    if way is None:
        return NOTHING
    lane.reached = (rows[-1].act_at, rows[-1].id)
    marking = replace(lane, postmark=probed(uow.session, lane.postmark))
    made = _made(uow, marking, way, _passing(uow, way, all_free(uow.session, rows)))
    _begin(uow, lane, way.box, made)
    begun = {one.row.id for one in made}
    others = [row.id for row in rows if row.id not in begun]
    aside = claim_these(uow, others, lane.owner, lane.lease_seconds)
    return Taken(_gated(lane, way.box, made), aside)


def _passing(uow: UnitOfWork, way: Way, rows: Sequence[DueMail]) -> list[DueMail]:
    """Those to which no rule objects; those of one sender of which the rules are told the same are judged together."""
    box, judged = way.box, dict[tuple[object, ...], bool]()
    if box.cc or box.bcc:
        return []
    passing = []
    for row in rows:
        sender = way.senders.get(row.sender_id)
        if sender is None or not row.usual or (row.custom and NAMES & row.custom.keys()):
            continue
        told = (row.sender_id, row.cause, *told_of(row))
        if told not in judged:
            judged[told] = verdict_on(facts_of(row, box, sender, {}, row.cause, uow.now)) is None
        if judged[told]:
            passing.append(row)
    return passing


def _made(uow: UnitOfWork, lane: Lane, way: Way, rows: Sequence[DueMail]) -> list[Made]:
    """Those that every limit leaves room for and that can be made."""
    leaving = _within_limits(uow, way, rows)
    known_again(uow.session, lane.wordings, {row.wording_id for row in leaving})
    ways = ways_of(uow.session, leaving) if lane.outward and leaving else None
    known = (lane.wordings, lane.outward, ways, lane.postmark, lane.journal)
    return made_of(Bench(uow.now, way.box, way.senders, *known), leaving)


def _within_limits(uow: UnitOfWork, way: Way, rows: Sequence[DueMail]) -> list[DueMail]:
    now = machine_now()
    mails = [(way.box, way.senders[row.sender_id], row.named_email) for row in rows]
    times = Times(uow.now, now, uow.speed)
    limits = limits_for(uow.session, mails, times, domains_limited=way.domains_limited)
    waits = draw_for(uow.session, limits, now)
    return [row for row, wait in zip(rows, waits, strict=True) if wait is None]


def _begin(uow: UnitOfWork, lane: Lane, box: Mailbox, made: Sequence[Made]) -> None:
    if lane.journal is not None:
        lane.journal.gates([_claim(lane, one) for one in made])
    rows = [
        {
            "id": one.row.id,
            "generation": one.row.generation + 1,
            "attempts": one.row.attempts + 1,
            "message_id": one.mail.message_id,
            "subject": one.subject,
            "recipe": one.recipe,
            "mime_hash": hash_of(one.mail.mime),
        }
        for one in made
    ]
    common = {
        "owner": lane.owner,
        "lease_until": lease_until(lane.lease_seconds),
        "identity_id": box.identity_id,
        # Of an attempt that was made before the mailbox became a bulk lane.
        "mime": None,
        "left_out": None,
        "references": "",
    }
    begun = move_each(uow.session, MESSAGE, Message, "begin_at_once", rows, also=common)
    assert begun == len(made), f"{len(made) - begun} messages changed under the lock of the gate"


def _claim(lane: Lane, one: Made) -> Claim:
    return Claim(one.row.id, lane.owner, one.row.generation + 1, lane.lease_seconds, ())


def _gated(lane: Lane, box: Mailbox, made: Sequence[Made]) -> list[Gated]:
    bulk = box.bulk_lane
    return [
        Gated(
            one.mail,
            Passed(
                _claim(lane, one),
                one.row.attempts + 1,
                {"team_id": one.row.team_id},
                lane.mailbox_id,
                bulk,
                one.row.trace_id,
            ),
        )
        for one in made
    ]
