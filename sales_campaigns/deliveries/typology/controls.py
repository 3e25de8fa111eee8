"""Controls of the content and of the schedule: errors that stop a preparation, warnings that it tells of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from sales_campaigns.content.rendering import Content, check
from sales_campaigns.deliveries.inputs import Schedule, Settings
from sales_campaigns.deliveries.waves import check_validity
from sales_campaigns.errors import Invalid

LARGE = 60_000  # bytes of HTML: more is cut by large providers
LARGEST_SUBJECT = 400  # characters
_LINK = re.compile(r"""href\s*=\s*["']([^"']*)["']""", re.IGNORECASE)
_UNSUBSCRIBE = re.compile(r"unsubscribe|opt[-_]?out", re.IGNORECASE)
_FINE_LINK = re.compile(
    r"(https?://[^\s/]+\.[^\s]+|mailto:[^\s]+@[^\s]+|tel:[+0-9 ()-]+|#.*|\{\{.*)", re.IGNORECASE
)


def content_problems(content: Content) -> dict[str, str]:
    """What stops a content, by part: no subject, syntax with line and column, prompts, several lines, size."""
    problems: dict[str, str] = {}
    try:
        check(content, automatic=True)
    except Invalid as refusal:
        problems.update(refusal.problems)
    if "\n" in content.subject or "\r" in content.subject:
        problems.setdefault("subject", "A subject is one line: remove the line break.")
    if len(content.subject) > LARGEST_SUBJECT:
        problems.setdefault("subject", f"Shorten the subject to {LARGEST_SUBJECT} characters.")
    return problems


def unsubscribe_problem(content: Content) -> str:
    """The rule: a missing unsubscribe link in a bulk delivery is an error. Asked where no footer carries one."""
    if any(_UNSUBSCRIBE.search(link) for link in _LINK.findall(content.html)):
        return ""
    return (
        "There is no link to unsubscribe: put one into the text, or switch the team's words under mails on."
    )


def content_warnings(content: Content) -> Iterator[str]:
    """Odd links, size, and what the template says of itself. The content has no problems."""
    yield from check(content, automatic=True)
    size = len(content.html.encode())
    if size > LARGE:
        yield f"The text is {size // 1000} KB; some mail programs cut what is over {LARGE // 1000} KB."
    for link in dict.fromkeys(_LINK.findall(content.html)):
        if not _FINE_LINK.fullmatch(link.strip()):
            yield f"This link looks odd: “{link[:80]}”."


def schedule_problem(schedule: Schedule, settings: Settings, now: datetime, latest_zone: int = 0) -> str:
    """The words of the error when nothing or not everything could leave within validity, "" otherwise."""
    start = schedule.instant
    if start is not None and start + settings.validity <= now:
        return "The contact date and its validity are past: choose a later date."
    return check_validity(settings.waves, latest_zone, settings.validity)


def schedule_warning(schedule: Schedule, now: datetime) -> str:
    start = schedule.instant
    if start is not None and start < now - timedelta(minutes=1):
        return "The contact date is past: what is confirmed now leaves at once."
    return ""


def half_left(targeted: int, to_deliver: int) -> str:
    """The rule: fewer than half of the targeted remain."""
    if targeted and to_deliver * 2 < targeted:
        return f"Fewer than half remain: {to_deliver:,} of {targeted:,} targeted people get the mail."
    return ""
