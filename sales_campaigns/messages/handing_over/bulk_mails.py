"""The mails of one batch of a bulk lane, each made from a row: its bytes with their envelope, and its recipe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import NamedTuple

import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.addresses import MailAddress, check_address
from sales_campaigns.content.mime import build, framed, subject_line, to_line
from sales_campaigns.content.models import Wording
from sales_campaigns.content.wordings import content_of
from sales_campaigns.messages.due_mails import DueMail
from sales_campaigns.messages.handing_over.journal import Journal
from sales_campaigns.messages.handing_over.kinds import Kind, cast_for, frame_for, kind_of, values_for
from sales_campaigns.messages.handing_over.recipes import Recipe, letter_of, with_seal
from sales_campaigns.messages.letters.marking import Outward, Ways, marks_of
from sales_campaigns.messages.letters.postmarks import Postmark
from sales_campaigns.messages.letters.tokens import token_of
from sales_campaigns.messages.letters.writing import name_of
from sales_campaigns.ports import OutgoingMail

# Mails that are alike in these have the same kind.
_kinship = attrgetter("wording_id", "sender_id", "delivery_id", "campaign_id", "team_id", "untracked")


class Made(NamedTuple):
    """A mail that can leave, its row, the subject it has, and what is kept instead of its bytes."""

    row: DueMail
    mail: OutgoingMail
    subject: str
    recipe: Recipe


@dataclass(frozen=True, slots=True)
class Bench:
    """What the mails of one batch are made with; `ways` and `outward` are None where they carry no marks."""

    now: datetime
    box: Mailbox
    senders: dict[int, User]
    wordings: dict[int, Wording]
    outward: Outward | None
    ways: Ways | None
    postmark: Postmark
    journal: Journal | None
    kinds: dict[tuple[object, ...], Kind] = field(default_factory=dict)


def made_of(bench: Bench, rows: Sequence[DueMail]) -> list[Made]:
    """Those that can be made."""
    made = (_try(bench, row) for row in rows)
    return [one for one in made if one is not None]


def _try(bench: Bench, row: DueMail) -> Made | None:
    """None where it cannot be made: the other gate says why."""
    try:
        return _make(bench, _kind(bench, row), row)
    except sa.exc.SQLAlchemyError:
        raise
    except Exception:
        return None


def _kind(bench: Bench, row: DueMail) -> Kind:
    alike = _kinship(row)
    known = bench.kinds.get(alike)
    if known is not None:
        return known
    shape = None
    if bench.outward is not None and bench.ways is not None:
        marks = marks_of(bench.outward, row, bench.box, bench.ways, untracked=row.untracked)
        shape = replace(marks, token="")
    content = content_of(bench.wordings[row.wording_id])
    kind = kind_of(bench.box, bench.senders[row.sender_id], content, shape, bench.now)
    bench.kinds[alike] = kind
    return kind


def _make(bench: Bench, kind: Kind, row: DueMail) -> Made | None:
    name = row.message_id or name_of(row.id, row.generation + 1, row.created_at, kind.box)
    recipe = _recipe(bench, kind, row)
    recipient = check_address(row.email)
    subject, mime = _written(kind, recipe, recipient, name)
    if kind.content.bundle_id is not None or (kind.largest is not None and len(mime) > kind.largest):
        return None
    sender = kind.origin
    seal = bench.postmark.seal(kind.box, sender.wire, mime)
    mail = OutgoingMail(
        row.id,
        name,
        bench.postmark.return_path(kind.box, sender.wire, row.id),
        (recipient.wire,),
        seal + mime,
        sender.needs_utf8 or recipient.needs_utf8,
        partial(bench.journal.begins, row.id) if bench.journal else None,
    )
    return Made(row, mail, subject, with_seal(recipe, seal))


def _recipe(bench: Bench, kind: Kind, row: DueMail) -> Recipe:
    to = f"{row.first_name} {row.last_name}".strip() if row.first_name else ""
    own = {"to": [to, row.email], "values": values_for(kind, row)}
    if bench.outward is None or "marks" not in kind.recipe:
        return {**kind.recipe, **own}
    return {
        **kind.recipe,
        **own,
        "marks": {**kind.recipe["marks"], "token": token_of(row.id, bench.outward.key)},
    }


def _written(kind: Kind, recipe: Recipe, recipient: MailAddress, name: str) -> tuple[str, bytes]:
    """Subject and bytes."""
    values, token = recipe["values"], recipe["marks"]["token"] if "marks" in recipe else ""
    mould = cast_for(kind, values)
    cast = mould.written(values, token) if mould else None
    if cast is None:
        letter = letter_of(recipe, kind.content, name)
        return letter.subject, build(letter)
    subject, parts = cast
    to = to_line(recipe["to"][0], recipient)
    return subject, framed(frame_for(kind, token), name, to, subject_line(subject), parts)
