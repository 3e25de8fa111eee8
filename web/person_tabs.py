"""What each tab of a person's page shows beside the person."""

from __future__ import annotations

from typing import Any

from sales_campaigns.enrollments.history import campaigns_of, mails_to, tasks_about
from sales_campaigns.live_feed import history
from sales_campaigns.people.models import Person
from web.enrollment_words import STATES
from web.feed_lines import items_of
from web.mail_rows import mail_row
from web.request_scope import me, work


def tab_context(tab: str, person: Person) -> dict[str, Any]:
    """For templates/person/_history.html, _tasks.html and _campaigns.html; the tab About needs nothing more."""
    session, now = work().session, work().now
    if tab == "history":
        events = history(session, me(), person.id, limit=50)
        mails = [mail_row(line) for line in mails_to(session, person, now)]
        return {"events": items_of(events, now, me().zone), "mails": mails}
    if tab == "tasks":
        return {"tasks": tasks_about(session, person)}
    if tab == "campaigns":
        return {"ways": campaigns_of(session, person, now), "states": STATES}
    return {}
