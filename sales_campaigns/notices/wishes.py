"""What a user wants to be told, and how: read from and written to the preferences of that user."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time
from typing import Any

from sales_campaigns.accounts.models import User
from sales_campaigns.errors import Invalid
from sales_campaigns.notices.models import NoticeKind
from sales_campaigns.unit_of_work import UnitOfWork

KEY = "notices"
EVERY_KIND = frozenset(NoticeKind)
# What there was to choose from before wishes said which kinds their user had before them.
FIRST_KINDS = EVERY_KIND - {NoticeKind.DELIVERY}
BY_MAIL = frozenset({NoticeKind.DELIVERY})  # unless a user wishes otherwise


@dataclass(frozen=True, slots=True)
class NoticeWishes:
    """`shown` stand in the list and the title, `mailed` go out by mail as well.

    `digest` is the user's local time of the morning digest, None for none; `weekly` the report on Mondays.
    """

    shown: frozenset[NoticeKind] = EVERY_KIND
    mailed: frozenset[NoticeKind] = BY_MAIL
    digest: time | None = None
    weekly: bool = False


def wishes_of(user: User) -> NoticeWishes:
    """As the user wished; a kind that there was not yet when they did is as for somebody without wishes."""
    stored: dict[str, Any] = user.preferences.get(KEY) or {}
    new = EVERY_KIND - (_kinds(stored.get("known", FIRST_KINDS)) if stored else frozenset())
    return NoticeWishes(
        shown=_kinds(stored.get("shown", ())) | new,
        mailed=_kinds(stored.get("mailed", ())) | new & BY_MAIL,
        digest=time.fromisoformat(stored["digest"]) if stored.get("digest") else None,
        weekly=bool(stored.get("weekly", False)),
    )


def wish_notices(
    uow: UnitOfWork, user: User, shown: Iterable[str], mailed: Iterable[str], digest: str, *, weekly: bool
) -> NoticeWishes:
    """One's own wishes, as typed. Raises Invalid({"digest": …}) for what is no time of day."""
    wishes = NoticeWishes(_kinds(shown), _kinds(mailed), _time(digest), weekly)
    stored = {
        "known": sorted(EVERY_KIND),
        "shown": sorted(wishes.shown),
        "mailed": sorted(wishes.mailed),
        "digest": wishes.digest.strftime("%H:%M") if wishes.digest else "",
        "weekly": weekly,
    }
    user.preferences = {**user.preferences, KEY: stored}
    uow.session.flush()
    return wishes


def _kinds(written: Iterable[str]) -> frozenset[NoticeKind]:
    known = {kind.value for kind in NoticeKind}
    return frozenset(NoticeKind(one) for one in written if one in known)


def _time(written: str) -> time | None:
    try:
        return time.fromisoformat(written.strip()) if written.strip() else None
    except ValueError:
        raise Invalid({"digest": "Write a time of day such as 08:00, or nothing for no digest."}) from None
