"""What the page of a rehearsal shows: how much of it was watched so far, the calendar, and what differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from sales_campaigns.rehearsals.comparing import Difference, sentence
from sales_campaigns.rehearsals.models import Rehearsal, RehearsedMail
from sales_campaigns.rehearsals.reading import mails_of
from sales_campaigns.rehearsals.watching import (
    Happening,
    calendar,
    compared,
    day_after,
    happenings,
    why_it_ended,
)

LAST = 12  # happenings
TYPES = {"email": "e-mail", "call": "call", "inmail": "InMail", "custom": "task of its own kind"}
LISTED = 30  # differences
KINDS = {
    "mail": ("mail", "E-mail left"),
    "task": ("square", "Task opened"),
    "done": ("square-check-big", "Task done"),
    "answer": ("reply", "Came back"),
}


def watch(session: Session, found: Rehearsal, args: Mapping[str, str]) -> dict[str, Any]:
    """`seen` of the address says how many happenings were watched, all when it is not there; `pace` day goes on."""
    mails = mails_of(session, found)
    happened, zone = happenings(found, mails), found.asked["zone"]
    seen = min(int(args["seen"]), len(happened)) if args.get("seen", "").isdecimal() else len(happened)
    differing = compared(found, mails)
    told = _told(found, differing)
    return {
        "zone_of_it": zone,
        "kinds": KINDS,
        "happened": happened,
        "seen": seen,
        "pace": args.get("pace", ""),
        "now": happened[seen - 1].at if seen else None,
        "last": list(reversed(happened[max(seen - LAST, 0) : seen])),
        "counts": Counter(one.kind for one in happened[:seen]),
        "weeks": calendar(happened, seen, zone),
        "urls": _urls(found, happened, seen, zone),
        "types": TYPES,
        "names": {row["email"].lower(): _name(row) for row in found.asked["people"]},
        "steps_differing": len(differing),
        "differing": told[:LISTED],
        "more_differing": len({one["person"] for one in told[LISTED:]}),
        "threads": _threads(mails, happened[:seen]),
        "excluded": found.asked["excluded"],
    }


def _urls(found: Rehearsal, happened: Sequence[Happening], seen: int, zone: str) -> dict[str, str]:
    def at(count: int, pace: str | None = None) -> str:
        where: dict[str, Any] = {"campaign_id": found.campaign_id, "rehearsal_id": found.id}
        return url_for("rehearse.show", **where, seen=count, pace=pace)

    return {
        "start": at(0),
        "next": at(min(seen + 1, len(happened))),
        "day": at(day_after(happened, seen, zone)),
        "play": at(day_after(happened, seen if seen < len(happened) else 0, zone), pace="day"),
        "all": at(len(happened)),
        "stay": at(seen),
    }


def _told(found: Rehearsal, differing: Sequence[Difference]) -> list[dict[str, Any]]:
    """One line for all steps of a person that differ for the same reason, with the first one's times."""
    lines: dict[tuple[str, str], dict[str, Any]] = {}
    for one in differing:
        words = sentence(one, why_it_ended(found, one.person))
        line = lines.setdefault(
            (one.person, words),
            {
                "person": one.person,
                "words": words,
                "places": [],
                "foreseen": one.foreseen and one.foreseen["at"],
                "happened": one.happened and one.happened["at"],
            },
        )
        line["places"].append(f"day {one.day}, step {one.step}")
    return [{**line, "steps": _steps(line["places"])} for line in lines.values()]


def _steps(places: Sequence[str]) -> str:
    return "; ".join(places) if len(places) < 3 else f"{len(places)} steps, from {places[0]} on"


def _name(row: Mapping[str, str]) -> str:
    return f"{row['first_name']} {row['last_name']}".strip()


def _threads(mails: Sequence[RehearsedMail], seen: Sequence[Happening]) -> list[dict[str, Any]]:
    """Conversations as the catcher shows them, of what was watched so far; the most lately moved first."""
    shown = {one.mail_id for one in seen}
    roots: dict[str, str] = {}
    threads: dict[str, list[RehearsedMail]] = {}
    for mail in mails:
        root = roots[mail.message_id] = roots.get(mail.in_reply_to, mail.message_id)
        if mail.id in shown:
            threads.setdefault(root, []).append(mail)
    latest = sorted(threads.values(), key=lambda thread: thread[-1].at, reverse=True)
    return [{"subject": thread[0].subject, "person": thread[0].person, "mails": thread} for thread in latest]
