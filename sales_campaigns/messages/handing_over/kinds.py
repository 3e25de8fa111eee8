"""What many mails of a bulk lane have in common, worked out once for all of them in a batch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.addresses import MailAddress, check_address
from sales_campaigns.content.fields import merge_values, parts_of_names
from sales_campaigns.content.liquid import parse
from sales_campaigns.content.rendering import Content, needs_of
from sales_campaigns.messages.letters.casting import CastLetter, Setting, cast_letter
from sales_campaigns.messages.letters.marks import Marks
from sales_campaigns.messages.letters.writing import sender_values

_OF_PERSON = frozenset(
    ["email", "first_name", "last_name", "company", "title", "phone", "linkedin_url", "time_zone"]
)


@dataclass(frozen=True, slots=True)
class Kind:
    """What the mails of one wording, sender and choice of marks have in common. `asked` are the fields that are
    read, `of_person` those of them that are columns; `sender` is (name, address), `largest` in bytes. `plain`: whether
    `cast` is the letter of all of them, whatever their people have values in.
    """

    content: Content
    setting: Setting
    names: frozenset[str]
    asked: frozenset[str]
    of_person: tuple[str, ...]
    own: dict[str, str]
    sender: tuple[str, str]
    origin: MailAddress
    zone: str
    box: Mailbox
    largest: int | None
    plain: bool
    cast: CastLetter | None


def kind_of(box: Mailbox, sender: User, content: Content, shape: Marks | None) -> Kind:
    """Raises as `render`."""
    signature = box.signature_html
    names = needs_of(content).used | parse(signature, part="html", html=True).names
    asked = parts_of_names(names)
    own = {name: value for name, value in sender_values(sender, box).items() if name in asked}
    setting = Setting(content, signature, tuple(merge_values({}, {}, own).items()), shape, box.address)
    plain = needs_of(content).plain
    return Kind(
        content=content,
        setting=setting,
        names=names,
        asked=asked,
        of_person=tuple(asked & _OF_PERSON),
        own=own,
        sender=(sender.name, box.address),
        origin=check_address(box.address),
        zone=sender.zone,
        box=box,
        largest=box.largest_mail,
        plain=plain,
        cast=cast_letter(setting) if plain else None,
    )


def values_for(kind: Kind, row: sa.Row[Any]) -> dict[str, str]:
    """What the mail uses, as `values_of` gives it."""
    person = {name: getattr(row, name) for name in kind.of_person}
    if "full_name" in kind.asked:
        person["full_name"] = f"{row.first_name} {row.last_name}".strip()
    custom = {name: row.custom[name] for name in kind.asked & row.custom.keys()} if row.custom else {}
    values = merge_values(person, custom, kind.own)
    return {name: value for name, value in values.items() if name in kind.names}


def cast_for(kind: Kind, values: dict[str, str]) -> CastLetter | None:
    """The letter that these values are written into; None where the general path is to write it."""
    return kind.cast if kind.plain else cast_letter(replace(kind.setting, present=frozenset(values)))
