"""Let a mailbox get known: begin with few mails a day and send more every day."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from sales_campaigns.accounts.mailboxes import mailbox_of
from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.unit_of_work import UnitOfWork

# Of what is typed: how much it may be, at least and at most.
RANGES = {"ramp_first": (1, 100_000), "ramp_percent": (5, 200), "ramp_most": (1, 1_000_000)}


def ramp_mailbox(uow: UnitOfWork, actor: User, typed: Mapping[str, str]) -> Mailbox:
    """It begins today, on the sender's calendar. Raises Invalid by field, NotFound without a mailbox."""
    box = _mailbox(uow, actor)
    box.ramp_first, box.ramp_percent, box.ramp_most = _numbers(typed)
    box.ramp_begins = uow.now.astimezone(ZoneInfo(box.user.zone)).date()
    _record(uow, actor, box)
    return box


def end_ramp(uow: UnitOfWork, actor: User) -> Mailbox:
    """It is known: only its own limits hold. Raises NotFound without a mailbox."""
    box = _mailbox(uow, actor)
    box.ramp_first = box.ramp_begins = None
    _record(uow, actor, box)
    return box


def _mailbox(uow: UnitOfWork, actor: User) -> Mailbox:
    box = mailbox_of(uow.session, actor)
    if box is None:
        raise NotFound("Connect a mailbox first.")
    return box


def _numbers(typed: Mapping[str, str]) -> tuple[int, int, int]:
    problems = {
        name: f"Write a number from {least:,} to {most:,}."
        for name, (least, most) in RANGES.items()
        if not _is_within(typed.get(name, "").strip(), least, most)
    }
    if problems:
        raise Invalid(problems)
    first, percent, most = (int(typed[name]) for name in RANGES)
    if first > most:
        raise Invalid({"ramp_most": "It cannot end with fewer mails than it begins with."})
    return first, percent, most


def _is_within(typed: str, least: int, most: int) -> bool:
    return typed.isdecimal() and len(typed) < 9 and least <= int(typed) <= most


def _record(uow: UnitOfWork, actor: User, box: Mailbox) -> None:
    numbers = {name: getattr(box, name) for name in RANGES}
    uow.record(
        "mailbox.ramped", actor_id=actor.id, team_id=actor.team_id, data={"mailbox": box.id, **numbers}
    )
