"""How deliveries are spoken of on pages: states, figures, who gets it and when."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.deliveries.figures import Figures, percent
from sales_campaigns.deliveries.inputs import START_WORDS, Audience, Schedule, Settings
from sales_campaigns.deliveries.models import DeliveryState as S
from sales_campaigns.deliveries.models import KeptFigures
from sales_campaigns.people.models import Group
from sales_campaigns.tracking.figures import Engagement
from web.filters import count_words, wall_words, when_words, zone_words

LATE_BOUNCES = timedelta(days=7)
# state → (label, colour of its tag, sentence under the title)
STATES = {
    S.EDITING: ("Editing", "", "Prepare it to see who gets it. Nothing is sent by preparing."),
    S.PREPARING: ("Preparing", "info", "The target is being computed. Nothing is sent."),
    S.PREPARATION_FAILED: ("Preparation failed", "bad", "Mend what the journal says and prepare it again."),
    S.READY: ("Ready", "info", "Prepared. Look at the figures, then confirm."),
    S.AWAITING_CONFIRMATION: (
        "Awaiting confirmation",
        "hot",
        "Prepared and scheduled; nothing is sent until somebody confirms it.",
    ),
    S.SCHEDULED: ("Scheduled", "info", "Confirmed. It leaves by itself at its date."),
    S.IN_PROGRESS: ("In progress", "ok", "It is being sent."),
    S.PAUSED: ("Paused", "hot", "Nothing new leaves until it is resumed. Its validity keeps running."),
    S.STOPPED: ("Stopped", "bad", "Stopped for good: what had not left does not leave any more."),
    S.FINISHED: ("Finished", "", "Everything that could leave has left."),
    S.EXPIRED: ("Expired", "bad", "Nobody confirmed it before its validity ended. Nothing was sent."),
}


def kpi_rows(figures: Figures, seen: Engagement, base: str) -> list[dict[str, str]]:
    """The dashboard's figures, each with the rate it has and what that is a rate of. `base` is the log's address."""
    return [
        {"name": "Targeted", "value": f"{figures.targeted:,}", "of": ""},
        {
            "name": "To deliver",
            "value": f"{figures.to_deliver:,}",
            "of": f"{percent(figures.to_deliver, figures.targeted)} of targeted",
        },
        {
            "name": "Excluded",
            "value": f"{figures.excluded:,}",
            "of": f"{percent(figures.excluded, figures.targeted)} of targeted",
            "href": f"{base}/exclusions",
        },
        {
            "name": "Sent",
            "value": f"{figures.handed:,}",
            "of": f"{percent(figures.handed, figures.to_deliver)} of to deliver",
            "href": f"{base}/log",
        },
        {
            "name": "Delivered",
            "value": f"{figures.sent:,}",
            "of": f"{percent(figures.sent, figures.handed)} of handed off ·"
            f" {percent(figures.sent, figures.targeted)} of targeted",
            "href": f"{base}/log?status=sent",
        },
        *_engagement(figures, seen, base),
        {
            "name": "Bounces + errors",
            "value": f"{figures.failed:,}",
            "of": f"{percent(figures.failed, figures.handed)} of handed off",
            "href": f"{base}/log?status=failed",
        },
        {
            "name": "Cancelled",
            "value": f"{figures.cancelled:,}",
            "of": count_words(figures.field_missing, "field", "fields") + " missing at sending"
            if figures.field_missing
            else "",
            "href": f"{base}/log?status=cancelled",
        },
    ]


def _engagement(figures: Figures, seen: Engagement, base: str) -> list[dict[str, str]]:
    """Distinct recipients of the delivered; machines beside them, not counted."""
    rows = [
        ("Opens", seen.opened, seen.machine_opens, "open"),
        ("Clicks", seen.clicked, seen.machine_clicks, "click"),
        ("Replies", seen.replied, 0, ""),
        ("Unsubscribed", seen.opted_out, 0, "opt_out"),
    ]
    return [
        {
            "name": name,
            "value": f"{people:,}",
            "of": f"{percent(people, figures.sent)} of delivered"
            + (
                f" + {count_words(machines, 'machine ' + name.lower()[:-1])}, not counted" if machines else ""
            ),
            "href": f"{base}/tracking?kind={kind}" if kind else "",
        }
        for name, people, machines, kind in rows
    ]


def audience_words(session: Session, audience: Audience) -> str:
    """Everybody of the team; people found by “CFO”; the groups A, B."""
    if audience.everybody:
        return "Everybody of the team"
    if audience.people:
        return f"{count_words(len(audience.people), 'person', 'people')} chosen by hand"
    if audience.searches:
        owner = session.get(User, audience.owner) if audience.owner else None
        found = [f"found by “{audience.words}”"] if audience.words else []
        return "People " + " ".join([*found, *([f"of {owner.name}"] if owner else [])])
    names = [group.name for one in audience.groups if (group := session.get(Group, one)) is not None]
    return "Groups: " + ", ".join(names) if names else "Nobody yet"


def when_it_leaves(schedule: Schedule) -> str:
    if not schedule.at:
        return "As soon as it is confirmed"
    whose = "each recipient's time" if schedule.theirs else f"{zone_words(schedule.zone)} time"
    return f"{wall_words(schedule.at)}, {whose}"


def settings_words(settings: Settings) -> list[tuple[str, str]]:
    """(name, value) of what else was decided."""
    waves = ", ".join(f"{wave.percent} % after {_hours(wave.after)}" for wave in settings.waves[:6])
    more = " …" if len(settings.waves) > 6 else ""
    return [
        ("Waves", f"{waves}{more}" if waves else "All at once"),
        ("Validity", f"{settings.validity_hours} hours from the contact date"),
        ("Noticed", noticed_words(settings)),
        *([("Typology", settings.typology)] if settings.typology else []),
        ("Priority", settings.priority.value.capitalize()),
        ("Who starts it", START_WORDS[settings.start_by]),
    ]


def noticed_words(settings: Settings) -> str:
    """Opens and clicks · utm_source=letter."""
    seen = [name for name, wanted in (("opens", settings.opens), ("clicks", settings.clicks)) if wanted]
    said = " and ".join(seen).capitalize() or "Nothing"
    return f"{said} · {settings.utm}" if settings.utm and settings.clicks else said


def removed_words(kept: KeptFigures | None, zone: str) -> str:
    """Rows of the sending log were removed on Mon 30 Nov …: its figures are those of that day."""
    if kept is None:
        return ""
    logs = (
        ("tracking log", kept.tracking_removed_at),
        ("exclusion log", kept.exclusions_removed_at),
        ("sending log", kept.sending_removed_at),
    )
    since = [f"of the {name} on {when_words(at, zone)}" for name, at in logs if at is not None]
    return f"Rows removed: {', '.join(since)}. The figures are those of then." if since else ""


def settled_words(valid_until: datetime | None, now: datetime, zone: str) -> str:
    """The rule: until validity and the 7 days for late bounces are over every rate is provisional, then final."""
    if valid_until is None:
        return ""
    final_at = valid_until + LATE_BOUNCES
    return "Rates are final." if now >= final_at else f"Provisional until {when_words(final_at, zone)}."


def progress_of(figures: Figures) -> dict[str, Any]:
    return {
        "done": figures.over,
        "all": figures.to_deliver,
        "words": f"{figures.over:,} of {figures.to_deliver:,}, {figures.in_flight:,} in flight",
    }


def _hours(seconds: int) -> str:
    return f"{seconds // 3600} h" if seconds else "0 h"
