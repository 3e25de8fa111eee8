"""What many mails of a bulk lane have in common, worked out once for all of them in a batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from operator import attrgetter

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.addresses import MailAddress, check_address
from sales_campaigns.content.characters import sendable
from sales_campaigns.content.fields import NAMES, merge_values
from sales_campaigns.content.liquid import parse
from sales_campaigns.content.mime import Frame, frame_of
from sales_campaigns.content.rendering import Content, Rendered, needs_of
from sales_campaigns.messages.due_mails import DueMail
from sales_campaigns.messages.handing_over.recipes import Recipe, letter_around, recipe_from
from sales_campaigns.messages.letters.casting import CastLetter, Setting, cast_letter
from sales_campaigns.messages.letters.marks import Marks
from sales_campaigns.messages.letters.writing import sender_values

_OF_PERSON = frozenset(
    ["email", "first_name", "last_name", "company", "title", "phone", "linkedin_url", "time_zone"]
)
_NAMELESS = "<name@localhost>"
_NO_WORDS = Rendered("", "", "")


@dataclass(frozen=True, slots=True)
class Kind:
    """What the mails of one wording, sender and choice of marks have in common.

    `origin` is the sender's address, `largest` in bytes, `recipe` what all recipes say. `own` are the values of the
    sender, `of_person` the fields that are columns of the person, which `read` reads, `custom` those that are not;
    `named`: whether the full name is asked for. `plain`: whether one cast letter serves all of them, whatever their
    people have values in; else `casts` has one for each set of fields. `frames`: what stands around the words, by the
    length of the token, cut where the token stands.
    """

    content: Content
    setting: Setting
    box: Mailbox
    origin: MailAddress
    largest: int | None
    recipe: Recipe
    own: dict[str, str]
    of_person: tuple[str, ...]
    read: Callable[[DueMail], tuple[str, ...]]
    custom: frozenset[str]
    named: bool
    plain: bool
    casts: dict[tuple[str, ...], CastLetter | None] = field(default_factory=dict)
    frames: dict[int, tuple[bytes, list[bytes]]] = field(default_factory=dict)


def kind_of(box: Mailbox, sender: User, content: Content, shape: Marks | None, now: datetime) -> Kind:
    """Of mails that leave now. Raises as `render`."""
    signature, needs = box.signature_html, needs_of(content)
    names = needs.used | parse(signature, part="html", html=True).names
    values = merge_values({}, {}, sender_values(sender, box))
    own = {name: value for name, value in values.items() if name in names}
    of_person = tuple(sorted(names & _OF_PERSON))
    recipe = recipe_from(
        at=now,
        zone=sender.zone,
        sender=(sender.name, box.address),
        recipient=("", ""),
        values=own,
        signature=signature,
        marks=shape,
    )
    return Kind(
        content=content,
        setting=Setting(content, signature, tuple(own.items()), shape, box.address),
        box=box,
        origin=check_address(box.address),
        largest=box.largest_mail,
        recipe=recipe,
        own=own,
        of_person=of_person,
        read=_reading(of_person),
        custom=names - NAMES,
        named="full_name" in names,
        plain=needs.plain,
    )


def values_for(kind: Kind, row: DueMail) -> dict[str, str]:
    """What the mail uses, as `values_of` gives it."""
    values = kind.own.copy()
    for name, value in zip(kind.of_person, kind.read(row), strict=True):
        if value and (cleaned := sendable(value).strip()):
            values[name] = cleaned
    if kind.named and (whole := sendable(f"{row.first_name} {row.last_name}").strip()):
        values["full_name"] = whole
    if kind.custom and row.custom:
        values |= merge_values({}, {name: row.custom[name] for name in kind.custom & row.custom.keys()}, {})
    return values


def cast_for(kind: Kind, values: dict[str, str]) -> CastLetter | None:
    """The letter that these values are written into; None where the general path is to write it."""
    asked = () if kind.plain else tuple(values)
    if asked not in kind.casts:
        kind.casts[asked] = cast_letter(replace(kind.setting, present=frozenset(asked)))
    return kind.casts[asked]


def frame_for(kind: Kind, token: str) -> Frame:
    """The headers that this mail has in common with others, with its own token."""
    known = kind.frames.get(len(token)) or _frame(kind, len(token))
    kind.frames[len(token)] = known
    return Frame(known[0], token.encode().join(known[1]))


def _frame(kind: Kind, length: int) -> tuple[bytes, list[bytes]]:
    """Lines are folded by lengths, so one token stands for all of its length."""
    token, marks = "*" * length, kind.setting.marks
    one = replace(marks, token=token) if marks else None
    frame = frame_of(letter_around(_NO_WORDS, kind.recipe, _NAMELESS, one))
    cut = frame.behind.split(token.encode()) if token else [frame.behind]
    assert len(cut) <= 2, "an address of ours that looks like a token"
    return frame.before, cut


def _reading(columns: tuple[str, ...]) -> Callable[[DueMail], tuple[str, ...]]:
    match columns:
        case ():
            return lambda _row: ()
        case (only,):
            return lambda row: (getattr(row, only),)
        case _:
            return attrgetter(*columns)
