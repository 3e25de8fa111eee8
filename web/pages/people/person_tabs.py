"""What each tab of a person's page shows beside the person."""

from __future__ import annotations

from typing import Any

from sales_campaigns.accounts.roles import may
from sales_campaigns.enrollments.answers.comebacks import comebacks_of
from sales_campaigns.enrollments.explaining.history import campaigns_of, mails_to, subjects_ahead, tasks_ended
from sales_campaigns.live_feed import history
from sales_campaigns.messages.incoming.reading import mails_from
from sales_campaigns.people.models import Person
from sales_campaigns.people.unsubscribing import changes_of
from sales_campaigns.tasks.queue import task_lines
from sales_campaigns.tasks.wanted import NOT_OVER, Wanted
from web.parts.enrollment_words import STATES
from web.parts.feed_lines import items_of
from web.parts.mail_rows import mail_row
from web.parts.reply_rows import reply_row
from web.parts.task_rows import groups_of
from web.request_scope import me, work


def tab_context(tab: str, person: Person) -> dict[str, Any]:
    """For templates/person/_history.html, _tasks.html, _campaigns.html and _about.html."""
    session, now = work().session, work().now
    if tab == "about":
        return {
            "changes": changes_of(session, person),
            "comebacks": comebacks_of(session, person),
            "may_resubscribe": may(me(), "resubscribe"),
            "may_erase": may(me(), "manage_installation"),
        }
    if tab == "history":
        received = [reply_row(line, now) for line in mails_from(session, person)]
        return {"events": _events(person), "mails": _mails(person), "received": received}
    if tab == "tasks":
        wanted = Wanted(groups=NOT_OVER, person_id=person.id)
        lines, _ = task_lines(session, me(), wanted, now)
        return {"waiting": groups_of(lines, now, me().id), "tasks": tasks_ended(session, person)}
    if tab == "campaigns":
        return {"ways": campaigns_of(session, person, now), "states": STATES}
    return {}


def _mails(person: Person) -> list[dict[str, Any]]:
    lines = mails_to(work().session, person, work().now)
    ahead = subjects_ahead(work().session, lines)
    rows = (mail_row(line) for line in lines)
    return [{**row, "subject": ahead.get(row["id"], row["subject"])} for row in rows]


def _events(person: Person) -> list[dict[str, Any]]:
    """Without what the page offers anyway: to write to this person and to remember something."""
    items = items_of(history(work().session, me(), person.id, limit=50), work().now, me().zone)
    for item in items:
        item["actions"] = [act for act in item["actions"] if act["label"] in {"Open", "Read", "See the mail"}]
    return items
