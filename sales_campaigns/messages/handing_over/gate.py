"""The last look before a mail leaves: one short transaction, no network, and its commit is the point of no return."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, NamedTuple

import sqlalchemy as sa
import structlog

from sales_campaigns.activity import append_many
from sales_campaigns.addresses import check_address
from sales_campaigns.claims import lease_until
from sales_campaigns.clock import machine_now
from sales_campaigns.content.bundles import Parts
from sales_campaigns.content.mime import Letter, build
from sales_campaigns.content.models import Wording
from sales_campaigns.content.rendering import MissingFields
from sales_campaigns.content.wordings import known_again
from sales_campaigns.errors import Invalid
from sales_campaigns.lifecycle import move_each, move_many
from sales_campaigns.messages.facts import facts_of
from sales_campaigns.messages.handing_over.claiming import Claim
from sales_campaigns.messages.handing_over.draft_ids import NO_DRAFT_YET, send_key
from sales_campaigns.messages.handing_over.recipes import (
    Recipe,
    has_recipe,
    hash_of,
    letter_of,
    recipe_of,
    with_seal,
)
from sales_campaigns.messages.handing_over.standing import Standing, as_they_stand
from sales_campaigns.messages.letters.carrying import carried
from sales_campaigns.messages.letters.copies import Copies, copies_for
from sales_campaigns.messages.letters.marking import Outward, marks_for
from sales_campaigns.messages.letters.marks import Marks
from sales_campaigns.messages.letters.postmarks import NO_POSTMARK, Postmark, probed, sealed
from sales_campaigns.messages.letters.writing import Parties, content_of, name_message, place_of, write_letter
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.pace.buckets import draw_for
from sales_campaigns.messages.pace.limits import Times, limits_for
from sales_campaigns.messages.pace.pacing import Wait
from sales_campaigns.messages.states import MESSAGE
from sales_campaigns.messages.telling import about
from sales_campaigns.messages.verdicts import Facts, Verdict, verdict_on
from sales_campaigns.ports import OutgoingMail
from sales_campaigns.unit_of_work import UnitOfWork

log = structlog.get_logger()


class Passed(NamedTuple):
    """What recording the answer to a mail needs to know of it.

    `attempt` numbers the hand-over; `about` are the columns of Activity that tell what the message is about.
    """

    claim: Claim
    attempt: int
    about: dict[str, object]
    mailbox_id: int
    bulk: bool = False
    trace_id: str | None = None


class Gated(NamedTuple):
    """A mail that may be handed over once this transaction stands."""

    mail: OutgoingMail
    passed: Passed


@dataclass(frozen=True, slots=True)
class _Beside:
    """What stands beside the words of the mails of one call: by message, but for the files, which are by bundle."""

    marks: Mapping[int, Marks]
    copies: Mapping[int, Copies]
    files: dict[int, Parts]
    postmark: Postmark


@dataclass(frozen=True, slots=True)
class _Made:
    """A mail that can leave: the letter it was written from, its bytes with their envelope, and without files."""

    standing: Standing
    letter: Letter
    mail: OutgoingMail
    bare: bytes
    copies: Copies
    recipe: Recipe | None


def gate(
    uow: UnitOfWork,
    claims: Sequence[Claim],
    wordings: dict[int, Wording] | None = None,
    outward: Outward | None = None,
    files: dict[int, Parts] | None = None,
    *,
    drafts: bool = False,
    postmark: Postmark = NO_POSTMARK,
) -> list[Gated]:
    """Let claimed messages of one process through, fix their exact bytes and begin; or send them back, cancel or
    expire them. One at a time or a batch: each is judged by itself, by the same rules, under the same locks.
    `wordings` and `files`: those read before, kept from one call to the next. `outward`: how our pages are reached
    from outside. `drafts`: they are handed over by way of drafts.
    """
    if not claims:
        return []
    standing_now = as_they_stand(uow.session, claims)
    known = {} if wordings is None else wordings
    ids = (one.message.wording_id for one in standing_now)
    known_again(uow.session, known, (id for id in ids if id is not None))
    judged = [(one, verdict_on(_facts(uow, one))) for one in standing_now]
    passing, waiting = _paced(uow, [one for one, verdict in judged if verdict is None])
    mails = [(one.message, one.parties) for one in passing]
    beside = _Beside(
        marks_for(uow.session, outward, mails),
        copies_for(uow.session, mails),
        {} if files is None else files,
        probed(uow.session, postmark),
    )
    outcomes = [(one, _made(uow, one, beside)) for one in passing]
    made = [outcome for _, outcome in outcomes if isinstance(outcome, _Made)]
    turned = [(verdict, one) for one, verdict in (*judged, *outcomes) if isinstance(verdict, Verdict)]
    _turn_away(uow, turned)
    _make_wait(uow, waiting)
    _begin(uow, made, drafts=drafts)
    return [_gated(one) for one in made]


def _facts(uow: UnitOfWork, one: Standing) -> Facts:
    return facts_of(one.message, one.parties.mailbox, one.parties.sender, one.stopped, one.cause, uow.now)


def _paced(
    uow: UnitOfWork, passing: Sequence[Standing]
) -> tuple[list[Standing], list[tuple[Standing, Wait]]]:
    """Those that every limit leaves room for, and the others with what they wait for."""
    now = machine_now()
    mails = [(one.parties.mailbox, one.parties.sender, one.message.email) for one in passing]
    limits = limits_for(uow.session, mails, Times(uow.now, now, uow.speed))
    waits = draw_for(uow.session, limits, now)
    both = list(zip(passing, waits, strict=True))
    return [one for one, wait in both if wait is None], [(one, wait) for one, wait in both if wait]


def _make_wait(uow: UnitOfWork, waiting: Iterable[tuple[Standing, Wait]]) -> None:
    """What is over a limit waits for its own place, so that nobody asks for it before. Its due instant stays, and it
    does not become late by waiting: the rule is that limits delay and never drop.
    """
    rows = []
    for standing, place in waiting:
        facts = replace(_facts(uow, standing), paced_until=place.until, paced_by=place.words)
        verdict = verdict_on(facts)
        if verdict is not None:
            wait = uow.people_seconds((place.until - machine_now()).total_seconds())
            late_at = standing.message.late_at
            rows.append(
                {
                    "id": standing.message.id,
                    "act_at": uow.now + wait,
                    "late_at": late_at and late_at + wait,
                    "reason": verdict.reason,
                    "words": verdict.words,
                    "lease_until": None,
                    "owner": None,
                }
            )
    move_each(uow.session, MESSAGE, Message, "return", rows)


def _made(uow: UnitOfWork, standing: Standing, beside: _Beside) -> _Made | Verdict:
    """Whatever goes wrong in making one mail is that mail's own trouble: the next ones must not wait behind it."""
    try:
        return _make(uow, standing, beside)
    except MissingFields as error:
        return Verdict("cancel", "field_missing", f"{', '.join(error.fields)} is missing for this person")
    except Invalid as error:
        return Verdict("cancel", "cannot_be_made", error.words)
    except sa.exc.SQLAlchemyError:
        raise
    except Exception:
        log.exception("a mail could not be made", message=standing.message.id)
        return Verdict(
            "cancel", "cannot_be_made", "This mail cannot be made; the log of the scheduler says why."
        )


def _make(uow: UnitOfWork, standing: Standing, beside: _Beside) -> _Made:
    message, copies = standing.message, beside.copies[standing.message.id]
    box, postmark = standing.parties.mailbox, beside.postmark
    letter, recipe = _written(uow, message, standing.parties, beside.marks.get(message.id), copies.cc)
    raw = (letter.from_email, letter.to_email, *letter.cc, *copies.bcc.split())
    sender, *everybody = (check_address(one) for one in raw)
    bare = build(letter)
    whole = carried(uow.session, message, bare, beside.files, most=box.largest_mail)
    seal = postmark.seal(box, sender.wire, whole)
    bare, whole = sealed(seal, bare, whole)
    mail = OutgoingMail(
        key=message.id,
        message_id=letter.message_id,
        sender=postmark.return_path(box, sender.wire, message.id),
        recipients=tuple(address.wire for address in everybody),
        mime=whole,
        needs_utf8=any(address.needs_utf8 for address in (sender, *everybody)),
        send_key=send_key(message),
        thread=place_of(uow.session, message),
        draft_id=message.draft_id or None,
        again=message.draft_id == NO_DRAFT_YET,
    )
    return _Made(standing, letter, mail, bare, copies, with_seal(recipe, seal) if recipe else None)


def _written(
    uow: UnitOfWork, message: Message, parties: Parties, marks: Marks | None, cc: str
) -> tuple[Letter, Recipe | None]:
    """The letter; with the recipe that is kept instead of its bytes on a bulk lane."""
    if not (parties.mailbox.bulk_lane and has_recipe(message)):
        return write_letter(uow.session, message, parties, uow.now, marks, cc), None
    content = content_of(uow.session, message, edited=False)
    recipe = recipe_of(message, parties, content, uow.now, marks, cc)
    name = message.message_id or name_message(message, parties.mailbox)
    return letter_of(recipe, content, name), recipe


def _begin(uow: UnitOfWork, made: Sequence[_Made], *, drafts: bool) -> None:
    """The Attempt row tells of it; Activity is for what people should hear of. The rows are locked, so none is lost."""
    begun = move_each(
        uow.session, MESSAGE, Message, "begin", [_begun(one, drafts=drafts) for one in made], ("generation",)
    )
    assert begun == len(made), f"{len(made) - begun} messages changed under the lock of the gate"


def _begun(one: _Made, *, drafts: bool) -> dict[str, object]:
    message = one.standing.message
    return {
        "id": message.id,
        "generation": one.standing.claim.generation,
        "message_id": one.letter.message_id,
        "references": " ".join(one.letter.references),
        "subject": one.letter.subject,
        "cc": one.copies.cc,
        "bcc": one.copies.bcc,
        "left_out": [list(copy) for copy in one.copies.left_out] or None,
        "mime": one.bare if one.recipe is None else None,
        "recipe": one.recipe,
        "mime_hash": hash_of(one.mail.mime) if one.recipe or one.bare is not one.mail.mime else None,
        "attempts": message.attempts + 1,
        "draft_id": (message.draft_id or NO_DRAFT_YET) if drafts else None,
        "identity_id": one.standing.parties.mailbox.identity_id,
        # Its own lease: those before it may have taken long.
        "lease_until": lease_until(one.standing.claim.lease_seconds),
    }


def _gated(one: _Made) -> Gated:
    message, box = one.standing.message, one.standing.parties.mailbox
    told = (message.attempts + 1, about(message), box.id, box.bulk_lane, message.trace_id)
    passed = Passed(one.standing.claim, *told)
    return Gated(one.mail, passed)


def _turn_away(uow: UnitOfWork, turned: Iterable[tuple[Verdict, Standing]]) -> None:
    """Those of one verdict move together; each has its own line of history, because something follows for each."""
    in_order = sorted(turned, key=lambda one: (one[0].event, one[0].reason, one[0].words))
    for verdict, group in groupby(in_order, key=lambda one: one[0]):
        messages = {standing.message.id: standing.message for _, standing in group}
        _move_away(uow, verdict, messages)


def _move_away(uow: UnitOfWork, verdict: Verdict, messages: dict[int, Message]) -> None:
    values: dict[str, Any] = {
        "reason": verdict.reason,
        "words": verdict.words,
        "lease_until": None,
        "owner": None,
    }
    if verdict.event in ("cancel", "expire"):
        values["ended_at"] = uow.now
    moved = move_many(uow.session, MESSAGE, Message, verdict.event, Message.id.in_(messages), **values)
    told = {"data": {"reason": verdict.reason, "words": verdict.words}}
    kind = f"message.{MESSAGE.target(verdict.event)}"
    append_many(uow.session, uow.now, kind, [{**about(messages[id]), **told} for id in moved])
