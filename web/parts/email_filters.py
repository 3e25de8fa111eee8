"""What the address of the outbox narrows it to, and the columns that its lists may show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sales_campaigns.messages.outbox.engagement import Did
from sales_campaigns.messages.outbox.folders import Folder, Search
from web.numbers import row_of
from web.parts.days_typed import bounds_in
from web.request_scope import me, work

NARROWING = ("folder", "owner", "words", "campaign", "due", "from", "to", "success", "own", "did", "did_not")
# What the recipient did → the words of the two choices: did, did not
DEEDS = {
    Did.OPENED: ("Opened", "Not opened"),
    Did.CLICKED: ("Clicked", "Not clicked"),
    Did.REPLIED: ("Replied", "No reply"),
}
# name → heading of the column; the first three are shown unless others are chosen
COLUMNS = {
    "person": "Person",
    "mail": "E-mail",
    "when": "When",
    "address": "Address",
    "company": "Company",
    "title": "Job title",
    "campaign": "Campaign",
    "sender": "From",
    "state": "What became of it",
    "created": "Written",
    "due": "Due",
    "sent": "Sent",
    "ended": "Over",
    "tries": "Tries",
    "success": "Success",
}
USUAL = ("person", "mail", "when")


def folder_in(args: Mapping[str, str]) -> Folder:
    wanted = args.get("folder", "")
    return Folder(wanted) if wanted in set(Folder) else Folder.DELIVERED


def search_in(args: Mapping[str, str]) -> Search:
    """Words that mean nothing do not narrow the list."""
    since, until = bounds_in(args, work().now, me().zone)
    return Search(
        words=args.get("words", "").strip()[:200],
        campaign_id=_number(args.get("campaign", "")),
        since=since,
        until=until,
        succeeded=bool(args.get("success")),
        own={"1": True, "0": False}.get(args.get("own", "")),
        did=_deed(args.get("did", "")),
        did_not=_deed(args.get("did_not", "")),
    )


def narrowed(args: Mapping[str, str]) -> dict[str, Any]:
    return {name: args[name] for name in (*NARROWING, "view") if args.get(name)}


def columns_of(folder: Folder, chosen: Sequence[str] = ()) -> list[str]:
    """Those of the saved view, else what this user chose for the folder, else the usual ones."""
    remembered = me().preferences.get("columns", {}).get(f"emails.{folder.value}", [])
    wanted = [name for name in (chosen or remembered) if name in COLUMNS]
    return [name for name in COLUMNS if name in wanted] or list(USUAL)


def _deed(written: str) -> Did | None:
    return Did(written) if written in set(Did) else None


def _number(written: str) -> int | None:
    return row_of(written) or None
