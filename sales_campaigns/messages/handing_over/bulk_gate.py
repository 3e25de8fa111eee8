"""The gate of a bulk lane: due mails are taken, looked at and begun in one transaction and a handful of statements.

The rules, the locks and the bytes are those of the gate of every mail. What is not usual (files, edits, copies), what
a rule objects to, what a limit holds up or what cannot be made is claimed and left to the other gate,
which says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, NamedTuple

import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.addresses import check_address
from sales_campaigns.claims import lease_until
from sales_campaigns.clock import machine_now
from sales_campaigns.content.fields import NAMES
from sales_campaigns.content.mime import build, with_parts
from sales_campaigns.content.models import Wording
from sales_campaigns.content.rendering import Rendered
from sales_campaigns.content.wordings import content_of, known_again
from sales_campaigns.lifecycle import move_each
from sales_campaigns.messages.facts import facts_of
from sales_campaigns.messages.handing_over.claiming import Claim, claim_these
from sales_campaigns.messages.handing_over.free_rows import (
    Place,
    Way,
    all_free,
    due_rows,
    free_holds,
    free_way,
)
from sales_campaigns.messages.handing_over.gate import Gated, Passed
from sales_campaigns.messages.handing_over.journal import Journal
from sales_campaigns.messages.handing_over.kinds import Kind, cast_for, kind_of, values_for
from sales_campaigns.messages.handing_over.recipes import (
    Recipe,
    hash_of,
    letter_around,
    letter_of,
    recipe_from,
    with_seal,
)
from sales_campaigns.messages.letters.marking import Outward, Ways, marks_of, ways_of
from sales_campaigns.messages.letters.marks import Marks
from sales_campaigns.messages.letters.postmarks import NO_POSTMARK, Postmark, probed
from sales_campaigns.messages.letters.writing import name_of
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.pace.buckets import draw_for
from sales_campaigns.messages.pace.limits import Times, limits_for
from sales_campaigns.messages.states import MESSAGE
from sales_campaigns.messages.verdicts import verdict_on
from sales_campaigns.ports import OutgoingMail
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


class _Made(NamedTuple):
    """A mail that can leave, its row, the subject it has, and what is kept instead of its bytes."""

    row: sa.Row[Any]
    mail: OutgoingMail
    subject: str
    recipe: Recipe


def take(uow: UnitOfWork, lane: Lane, limit: int) -> Taken:
    """Take up to `limit` due mails of this lane behind those it has reached. Nothing waits for a lock."""
    rows = due_rows(uow.session, lane.mailbox_id, uow.now, lane.reached, limit)
    way = free_way(uow.session, lane.mailbox_id, {row.sender_id for row in rows}) if rows else None
    if way is None:
        return NOTHING
    lane.reached = (rows[-1].act_at, rows[-1].id)
    held = free_holds(uow.session, rows)
    marking = replace(lane, postmark=probed(uow.session, lane.postmark))
    made = _made(uow, marking, way, [row for row in rows if all_free(row, held) and _passes(uow, way, row)])
    begun = {one.row.id for one in made}
    _begin(uow, lane, way.box, made)
    others = [row.id for row in rows if row.id not in begun]
    aside = claim_these(uow, others, lane.owner, lane.lease_seconds)
    return Taken([_gated(lane, way.box, one) for one in made], aside)


def _passes(uow: UnitOfWork, way: Way, row: sa.Row[Any]) -> bool:
    box, sender = way.box, way.senders.get(row.sender_id)
    usual = row.usual and not (box.cc or box.bcc or (row.custom and NAMES & row.custom.keys()))
    if sender is None or not usual:
        return False
    return verdict_on(facts_of(row, box, sender, {}, row.cause, uow.now)) is None


def _made(uow: UnitOfWork, lane: Lane, way: Way, rows: Sequence[sa.Row[Any]]) -> list[_Made]:
    """Those that every limit leaves room for and that can be made."""
    leaving = _within_limits(uow, way, rows)
    known_again(uow.session, lane.wordings, {row.wording_id for row in leaving})
    ways = ways_of(uow.session, leaving) if lane.outward and leaving else None
    kinds: dict[tuple[object, ...], Kind] = {}
    made = (_try(uow, lane, way, row, ways, kinds) for row in leaving)
    return [one for one in made if one is not None]


def _within_limits(uow: UnitOfWork, way: Way, rows: Sequence[sa.Row[Any]]) -> list[sa.Row[Any]]:
    now = machine_now()
    mails = [(way.box, way.senders[row.sender_id], row.named_email) for row in rows]
    times = Times(uow.now, now, uow.speed)
    limits = limits_for(uow.session, mails, times, domains_limited=way.domains_limited)
    waits = draw_for(uow.session, limits, now)
    return [row for row, wait in zip(rows, waits, strict=True) if wait is None]


def _try(
    uow: UnitOfWork,
    lane: Lane,
    way: Way,
    row: sa.Row[Any],
    ways: Ways | None,
    kinds: dict[tuple[object, ...], Kind],
) -> _Made | None:
    """None where it cannot be made: the other gate says why."""
    try:
        marks = None
        if ways is not None and lane.outward is not None:
            marks = marks_of(lane.outward, row, way.box, ways, untracked=row.untracked)
        shape = replace(marks, token="") if marks else None
        key = (row.wording_id, row.sender_id, shape)
        if key not in kinds:
            content = content_of(lane.wordings[row.wording_id])
            kinds[key] = kind_of(way.box, way.senders[row.sender_id], content, shape)
        return _make(uow, lane, kinds[key], row, marks)
    except sa.exc.SQLAlchemyError:
        raise
    except Exception:
        return None


def _make(uow: UnitOfWork, lane: Lane, kind: Kind, row: sa.Row[Any], marks: Marks | None) -> _Made | None:
    box = kind.box
    values = values_for(kind, row)
    name = row.message_id or name_of(row.id, row.generation + 1, row.created_at, box)
    recipe = recipe_from(
        at=uow.now,
        zone=kind.zone,
        sender=kind.sender,
        recipient=(f"{row.first_name} {row.last_name}".strip() if row.first_name else "", row.email),
        values=values,
        signature=kind.setting.signature,
        marks=marks,
    )
    subject, mime = _written(kind, recipe, values, name, marks)
    if kind.content.bundle_id is not None or (kind.largest is not None and len(mime) > kind.largest):
        return None
    sender, recipient = kind.origin, check_address(row.email)
    seal = lane.postmark.seal(box, sender.wire, mime)
    mail = OutgoingMail(
        row.id,
        name,
        lane.postmark.return_path(box, sender.wire, row.id),
        (recipient.wire,),
        seal + mime,
        sender.needs_utf8 or recipient.needs_utf8,
        partial(lane.journal.begins, row.id) if lane.journal else None,
    )
    return _Made(row, mail, subject, with_seal(recipe, seal))


def _written(
    kind: Kind, recipe: Recipe, values: dict[str, str], name: str, marks: Marks | None
) -> tuple[str, bytes]:
    """Subject and bytes."""
    mould = cast_for(kind, values)
    cast = mould.written(values, marks.token if marks else "") if mould else None
    if cast is None:
        letter = letter_of(recipe, kind.content, name)
        return letter.subject, build(letter)
    subject, parts = cast
    bare = Rendered(subject, "", "")
    return subject, with_parts(letter_around(bare, recipe, name, marks), parts)


def _begin(uow: UnitOfWork, lane: Lane, box: Mailbox, made: Sequence[_Made]) -> None:
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


def _claim(lane: Lane, one: _Made) -> Claim:
    return Claim(one.row.id, lane.owner, one.row.generation + 1, lane.lease_seconds, ())


def _gated(lane: Lane, box: Mailbox, one: _Made) -> Gated:
    row = one.row
    told = (row.attempts + 1, {"team_id": row.team_id}, box.id, box.bulk_lane, row.trace_id)
    return Gated(one.mail, Passed(_claim(lane, one), *told))
