"""Play what was asked for: take it, say how far it is, keep what became of it. Each in a transaction of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.calendars.leave import shifts_of
from sales_campaigns.calendars.schedules import team_calendar
from sales_campaigns.campaigns.file import read_campaign
from sales_campaigns.campaigns.simulating import Wish, foresee
from sales_campaigns.campaigns.varied import VariedSteps, read_back
from sales_campaigns.claims import claim, lease_until
from sales_campaigns.clock import machine_now
from sales_campaigns.content.bundles import uploads_of
from sales_campaigns.rehearsals.happened import Answer, Letter, files_of, header_of, part_of
from sales_campaigns.rehearsals.models import Rehearsal, RehearsalState, RehearsedMail
from sales_campaigns.rehearsals.plays import Play, Rehearsed, Sender
from sales_campaigns.rehearsals.presets import PRESETS
from sales_campaigns.rehearsals.states import REHEARSAL
from sales_campaigns.unit_of_work import UnitOfWork

LEASE_SECONDS = 120


class Stopped(Exception):
    """Somebody stopped it, or another process took it over."""


def waits(session: Session) -> bool:
    """Whether some rehearsal waits to be played, or to be played again because its process died."""
    return session.scalar(sa.select(Rehearsal.id).where(_free()).limit(1)) is not None


def take_next(uow: UnitOfWork) -> int | None:
    """The id of one that is now this process's to play."""
    values = {"state": RehearsalState.RUNNING, "lease_until": lease_until(LEASE_SECONDS), "percent": 0}
    taken = claim(uow.session, Rehearsal, _free(), order=(Rehearsal.id,), limit=1, values=values)
    return taken[0] if taken else None


def play_of(session: Session, rehearsal_id: int) -> Play:
    """What was asked for, as it is played."""
    row = session.get_one(Rehearsal, rehearsal_id)
    asked = row.asked
    wish = Wish(
        campaign=read_campaign(asked["file"]),
        start=datetime.fromisoformat(asked["start"]),
        zone=asked["zone"],
        send_at=None,
        task_delay_days=0,
        limit=asked["limit"],
        leave=shifts_of(session, session.get_one(User, row.user_id)),
        own=team_calendar(session, row.team_id),
        varied=read_back(asked.get("varied", {})),
    )
    enclosed = {int(place): bundle_id for place, bundle_id in asked.get("bundles", {}).items()}
    bundles = {id: uploads_of(session, id) for id in {*enclosed.values(), *_carried(wish.varied)}}
    sender = Sender(**asked["sender"])
    return Play(wish, asked["people"], PRESETS[row.preset].script, sender, enclosed, bundles)


def _carried(steps: VariedSteps) -> Iterator[int]:
    for varied in steps.values():
        yield from (id for one in varied.variants if (id := one.content.bundle_id) is not None)


def note_progress(uow: UnitOfWork, rehearsal_id: int, percent: int) -> None:
    """Raises Stopped when it is no longer to be played."""
    changed = uow.session.execute(
        sa.update(Rehearsal)
        .where(Rehearsal.id == rehearsal_id, Rehearsal.state == RehearsalState.RUNNING)
        .values(percent=percent, lease_until=lease_until(LEASE_SECONDS))
        .execution_options(synchronize_session=False)
    )
    if not changed.rowcount:  # type: ignore[attr-defined]
        raise Stopped


def keep(uow: UnitOfWork, rehearsal_id: int, play: Play, played: Rehearsed) -> None:
    """Write down what happened, and what was foreseen of it."""
    row = uow.session.get_one(Rehearsal, rehearsal_id, with_for_update=True)
    if row.state is not RehearsalState.RUNNING:
        return
    endings = {who: _plain(asdict(ending)) for who, ending in played.endings.items()}
    uow.move(
        REHEARSAL,
        row,
        "finish",
        about=_about(row),
        percent=100,
        foreseen=foresee(play.wish, play.people).told(),
        happened=played.result,
        endings=endings,
        lease_until=None,
        ended_at=uow.now,
    )
    uow.session.execute(sa.delete(RehearsedMail).where(RehearsedMail.rehearsal_id == row.id))
    if mails := list(_mails(row.id, played)):
        uow.session.execute(sa.insert(RehearsedMail), mails)


def give_up(uow: UnitOfWork, rehearsal_id: int, words: str) -> None:
    """It cannot be played: the page says why."""
    row = uow.session.get_one(Rehearsal, rehearsal_id, with_for_update=True)
    if row.state is RehearsalState.RUNNING:
        ended = {"ended_at": uow.now, "lease_until": None, "trouble": words}
        uow.move(REHEARSAL, row, "fail", about=_about(row), **ended)


def _free() -> sa.ColumnElement[bool]:
    dead = sa.and_(Rehearsal.state == RehearsalState.RUNNING, Rehearsal.lease_until < machine_now())
    return sa.or_(Rehearsal.state == RehearsalState.ASKED, dead)


def _about(row: Rehearsal) -> dict[str, Any]:
    return {"actor_id": row.user_id, "team_id": row.team_id, "campaign_id": row.campaign_id}


def _plain(ending: dict[str, Any]) -> dict[str, Any]:
    return {**ending, "at": ending["at"].isoformat() if ending["at"] else None}


def _mails(rehearsal_id: int, played: Rehearsed) -> Iterator[dict[str, Any]]:
    people = {header_of(letter.mail, "Message-ID"): letter.place[0] for letter in played.letters}
    everything: list[Letter | Answer] = [*played.letters, *played.answers]
    for one in sorted(everything, key=lambda one: one.at):
        back = isinstance(one, Answer)
        who, day, step = one.place if isinstance(one, Letter) else (_whose(one, people), None, None)
        yield {
            "rehearsal_id": rehearsal_id,
            "at": one.at,
            "person": who,
            "came_back": back,
            "day": day,
            "step": step,
            "sender": header_of(one.mail, "From"),
            "subject": header_of(one.mail, "Subject"),
            "message_id": header_of(one.mail, "Message-ID"),
            "in_reply_to": header_of(one.mail, "In-Reply-To"),
            "references": header_of(one.mail, "References"),
            "text": one.text,
            "html": "" if back else part_of(one.mail, "html"),
            "files": "" if back else "\n".join(files_of(one.mail)),
        }


def _whose(answer: Answer, people: dict[str, str]) -> str:
    """Of a report nobody but the mail it holds says whose it is."""
    written = header_of(answer.mail, "From").lower()
    raw = answer.mail.as_string()
    named = (who for message_id, who in people.items() if message_id in raw)
    return people.get(header_of(answer.mail, "In-Reply-To")) or next(named, written)
