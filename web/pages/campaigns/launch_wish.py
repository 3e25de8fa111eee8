"""What a rep has said so far on the way through a launch. It travels in the form: the server keeps nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from hashlib import sha256
from secrets import token_hex
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from sales_campaigns.enrollments.launches.orders import Order
from sales_campaigns.errors import Invalid

# What an editor of rich text keeps as it is; everything else about a text's mark-up may change by opening it.
KEPT_TAGS = re.compile(r"<(?!/?(?:strong|em|a|li|ul|ol|blockquote|h1|img)\b)[^>]*>", re.IGNORECASE)
SAME_TAGS = {"<b>": "<strong>", "</b>": "</strong>", "<i>": "<em>", "</i>": "</em>"}
SPACE = re.compile(r"(?:\s|&nbsp;|\xa0)+")
ATTRIBUTES = re.compile(r'<a\b[^>]*?href="([^"]*)"[^>]*>', re.IGNORECASE)
Words = tuple[str, str]


@dataclass
class Wish:
    """`by_hand` are the words for one person, `for_all` those for everybody else; both subject and HTML.

    `times` are local times as typed, by step; a step that is not there keeps the time of the campaign. `zone` is
    "sender", "recipient", or "" for as the campaign says. `first` is the step that they start at, "" the first one.
    """

    people: list[int] = field(default_factory=list)
    by_hand: dict[int, Words] = field(default_factory=dict)
    for_all: Words | None = None
    looking_at: int = 0
    zone: str = ""
    times: dict[str, str] = field(default_factory=dict)
    first: str = ""
    nonce: str = field(default_factory=lambda: token_hex(8))

    def add(self, person_ids: list[int]) -> None:
        self.people = list(dict.fromkeys([*self.people, *person_ids]))

    def remove(self, person_id: int) -> None:
        self.people = [one for one in self.people if one != person_id]

    @property
    def words(self) -> dict[int, Words]:
        """The rule: an edit for everybody never overwrites an edit by hand."""
        for_all = dict.fromkeys(self.people, self.for_all) if self.for_all else {}
        return {**for_all, **self.by_hand}

    @property
    def key(self) -> str:
        """The same form posted twice is the same launch; another wish is another one."""
        return sha256(_json(self).encode()).hexdigest()[:40]


def keep(wish: Wish, secret: str, whose: str) -> str:
    """As it stands in the form, signed, so that nobody else's form is taken."""
    return str(_serializer(secret, whose).dumps(asdict(wish)))


def kept(written: str, secret: str, whose: str) -> Wish:
    """Raises Invalid for what this page has not written."""
    try:
        stored = _serializer(secret, whose).loads(written)
    except BadData:
        raise Invalid("This page was open for too long. Begin the launch again.") from None
    by_hand = {int(person): (words[0], words[1]) for person, words in stored.pop("by_hand").items()}
    for_all = stored.pop("for_all")
    return Wish(**stored, by_hand=by_hand, for_all=tuple(for_all) if for_all else None)


def order_of(wish: Wish, campaign_id: int, times: Mapping[str, datetime]) -> Order:
    return Order(
        campaign_id,
        wish.people,
        recipients_zone={"sender": False, "recipient": True}.get(wish.zone),
        send_at=times,
        words=wish.words,
        request_key=wish.key,
        first_key=wish.first,
    )


def read_times(wish: Wish) -> tuple[dict[str, datetime], dict[str, str]]:
    """The chosen local times that can be read, and what is wrong with the others."""
    times, problems = {}, {}
    for key, written in wish.times.items():
        try:
            times[key] = _local(written)
        except ValueError:
            problems[f"send_at.{key}"] = "Write a date and a time, such as 2026-12-01 09:00."
    return times, problems


def same_words(one: Words, other: Words) -> bool:
    """Whether two mails say the same, whatever an editor did to the mark-up when it opened them."""
    return one[0].strip() == other[0].strip() and _essence(one[1]) == _essence(other[1])


def _essence(html: str) -> str:
    for tag, same in SAME_TAGS.items():
        html = html.replace(tag, same)
    return SPACE.sub("", ATTRIBUTES.sub(r"<a \1>", KEPT_TAGS.sub("", html)))


def _local(written: str) -> datetime:
    found = datetime.fromisoformat(written.strip()).replace(tzinfo=None)
    if not 2000 <= found.year <= 2100:
        raise ValueError(written)
    return found


def _json(wish: Wish) -> str:
    told: dict[str, Any] = asdict(wish) | {"looking_at": 0}
    return json.dumps(told, sort_keys=True)


def _serializer(secret: str, whose: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt=f"launch:{whose}")
