"""The gate of a bulk lane: due mails are taken, looked at and begun in one transaction and a handful of statements.

The rules, the locks and the bytes are those of the gate of every mail. What is not usual (files, edits, copies), what
a rule objects to, what a limit holds up or what cannot be made is set aside: claimed, and let through the other gate,
which says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.addresses import check_address
from sales_campaigns.claims import lease_until
from sales_campaigns.clock import machine_now
from sales_campaigns.content.fields import NAMES, merge_values, parts_of_names
from sales_campaigns.content.liquid import parse
from sales_campaigns.content.mime import build, with_parts
from sales_campaigns.content.models import Wording
from sales_campaigns.content.rendering import Content, Rendered, needs_of
from sales_campaigns.content.wordings import content_of, known_again
from sales_campaigns.lifecycle import move_each
from sales_campaigns.messages.facts import facts_of
from sales_campaigns.messages.handing_over.claiming import Claim, claim_these
from sales_campaigns.messages.handing_over.free_rows import (
    Place,
    all_free,
    due_rows,
    free_holds,
    free_mailbox,
    free_senders,
)
from sales_campaigns.messages.handing_over.gate import Gated, Passed
from sales_campaigns.messages.handing_over.journal import Journal
from sales_campaigns.messages.handing_over.recipes import (
    Recipe,
    hash_of,
    letter_around,
    letter_of,
    recipe_from,
    with_seal,
)
from sales_campaigns.messages.letters.casting import CastLetter, Setting, cast_letter
from sales_campaigns.messages.letters.marking import Outward, Ways, marks_of, ways_of
from sales_campaigns.messages.letters.marks import Marks
from sales_campaigns.messages.letters.postmarks import NO_POSTMARK, Postmark, probed
from sales_campaigns.messages.letters.writing import name_of, sender_values
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.pace.buckets import draw_for
from sales_campaigns.messages.pace.limits import Times, limits_for
from sales_campaigns.messages.states import MESSAGE
from sales_campaigns.messages.telling import about
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


@dataclass(frozen=True, slots=True)
class _Kind:
    """What the mails of one wording, sender and choice of marks have in common. `asked`: the fields that are read."""

    content: Content
    setting: Setting
    names: frozenset[str]
    asked: frozenset[str]
    own: dict[str, str]
    sender: User
    box: Mailbox


@dataclass(frozen=True, slots=True)
class _Made:
    """A mail that can leave, its row, the subject it has, and what is kept instead of its bytes."""

    row: sa.Row[Any]
    mail: OutgoingMail
    subject: str
    recipe: Recipe


def take(uow: UnitOfWork, lane: Lane, limit: int) -> Taken:
    """Take up to `limit` due mails of this lane behind those it has reached. Nothing waits for a lock."""
    rows = due_rows(uow.session, lane.mailbox_id, uow.now, lane.reached, limit)
    box = free_mailbox(uow.session, lane.mailbox_id) if rows else None
    if box is None:
        return NOTHING
    lane.reached = (rows[-1].act_at, rows[-1].id)
    senders = free_senders(uow.session, {row.sender_id for row in rows})
    held = free_holds(uow.session, rows)
    free = [row for row in rows if row.sender_id in senders and all_free(row, held)]
    marking = replace(lane, postmark=probed(uow.session, lane.postmark))
    made = _made(uow, marking, box, senders, [row for row in free if _passes(uow, box, senders, row)])
    begun = {one.row.id for one in made}
    _begin(uow, lane, box, made)
    aside = claim_these(uow, [row.id for row in rows if row.id not in begun], lane.owner, lane.lease_seconds)
    return Taken([_gated(lane, box, one) for one in made], aside)


def _passes(uow: UnitOfWork, box: Mailbox, senders: dict[int, User], row: sa.Row[Any]) -> bool:
    usual = row.usual and not (box.cc or box.bcc or NAMES & row.custom.keys())
    return usual and verdict_on(facts_of(row, box, senders[row.sender_id], {}, row.cause, uow.now)) is None


def _made(
    uow: UnitOfWork, lane: Lane, box: Mailbox, senders: dict[int, User], rows: Sequence[sa.Row[Any]]
) -> list[_Made]:
    """Those that every limit leaves room for and that can be made."""
    now = machine_now()
    mails = [(box, senders[row.sender_id], row.named_email) for row in rows]
    waits = draw_for(uow.session, limits_for(uow.session, mails, Times(uow.now, now, uow.speed)), now)
    leaving = [row for row, wait in zip(rows, waits, strict=True) if wait is None]
    known_again(uow.session, lane.wordings, {row.wording_id for row in leaving})
    ways = ways_of(uow.session, leaving) if lane.outward and leaving else None
    kinds: dict[tuple[object, ...], _Kind] = {}
    made = (_try(uow, lane, box, senders[row.sender_id], row, ways, kinds) for row in leaving)
    return [one for one in made if one is not None]


def _try(
    uow: UnitOfWork,
    lane: Lane,
    box: Mailbox,
    sender: User,
    row: sa.Row[Any],
    ways: Ways | None,
    kinds: dict[tuple[object, ...], _Kind],
) -> _Made | None:
    """None where it cannot be made: the other gate says why."""
    try:
        marks = None
        if ways is not None and lane.outward is not None:
            marks = marks_of(lane.outward, row, box, ways, untracked=row.untracked)
        shape = replace(marks, token="") if marks else None
        key = (row.wording_id, sender.id, shape)
        if key not in kinds:
            kinds[key] = _kind(box, sender, content_of(lane.wordings[row.wording_id]), shape)
        return _make(uow, lane, kinds[key], row, marks)
    except sa.exc.SQLAlchemyError:
        raise
    except Exception:
        return None


def _kind(box: Mailbox, sender: User, content: Content, shape: Marks | None) -> _Kind:
    signature = box.signature_html
    names = needs_of(content).used | parse(signature, part="html", html=True).names
    asked = parts_of_names(names)
    own = {name: value for name, value in sender_values(sender, box).items() if name in asked}
    setting = Setting(content, signature, tuple(merge_values({}, {}, own).items()), shape, box.address)
    return _Kind(content, setting, names, asked, own, sender, box)


def _make(uow: UnitOfWork, lane: Lane, kind: _Kind, row: sa.Row[Any], marks: Marks | None) -> _Made | None:
    box, content = kind.box, kind.content
    values = _values(kind, row)
    name = row.message_id or name_of(row.id, row.generation + 1, row.created_at, box)
    recipe = recipe_from(
        at=uow.now,
        zone=kind.sender.zone,
        sender=(kind.sender.name, box.address),
        recipient=(f"{row.first_name} {row.last_name}".strip() if row.first_name else "", row.email),
        values=values,
        signature=box.signature_html,
        marks=marks,
    )
    subject, mime = _written(kind, recipe, values, name, marks)
    if content.bundle_id is not None or (box.largest_mail is not None and len(mime) > box.largest_mail):
        return None
    sender, recipient = check_address(box.address), check_address(row.email)
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


def _values(kind: _Kind, row: sa.Row[Any]) -> dict[str, str]:
    """What the mail uses, as `values_of` gives it."""
    person = {name: getattr(row, name) for name in kind.asked & _OF_PERSON}
    if "full_name" in kind.asked:
        person["full_name"] = f"{row.first_name} {row.last_name}".strip()
    custom = {name: row.custom[name] for name in kind.asked & row.custom.keys()}
    values = merge_values(person, custom, kind.own)
    return {name: values[name] for name in kind.names & values.keys()}


def _written(
    kind: _Kind, recipe: Recipe, values: dict[str, str], name: str, marks: Marks | None
) -> tuple[str, bytes]:
    """Subject and bytes."""
    mould = _cast(kind, values)
    cast = mould.written(values, marks.token if marks else "") if mould else None
    if cast is None:
        letter = letter_of(recipe, kind.content, name)
        return letter.subject, build(letter)
    subject, parts = cast
    bare = Rendered(subject, "", "")
    return subject, with_parts(letter_around(bare, recipe, name, marks), parts)


def _cast(kind: _Kind, values: dict[str, str]) -> CastLetter | None:
    plain = needs_of(kind.content).plain
    return cast_letter(kind.setting if plain else replace(kind.setting, present=frozenset(values)))


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
    told = (row.attempts + 1, about(row), box.id, box.bulk_lane, row.trace_id)
    return Gated(one.mail, Passed(_claim(lane, one), *told))


_OF_PERSON = frozenset(
    ["email", "first_name", "last_name", "company", "title", "phone", "linkedin_url", "time_zone"]
)
