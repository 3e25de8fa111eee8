"""The form of a delivery: from what is typed to a wish, and from a stored delivery to what the form shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from sales_campaigns.accounts.models import User
from sales_campaigns.content.models import Wording
from sales_campaigns.content.rendering import Content
from sales_campaigns.content.wordings import content_of
from sales_campaigns.deliveries.inputs import Audience, Priority, Schedule, Settings, StartBy
from sales_campaigns.deliveries.listing import mailboxes_for
from sales_campaigns.deliveries.models import Delivery
from sales_campaigns.deliveries.setups import audience_of, schedule_of, settings_of, setup_of
from sales_campaigns.deliveries.waves import Wave, calendar_waves, equal_waves
from sales_campaigns.deliveries.wishes import Wish
from sales_campaigns.errors import Invalid
from web.numbers import row_of, whole, whole_numbers

LABELS = {
    "name": "Name",
    "subject": "Subject",
    "html": "Text",
    "text": "Plain text",
    "attach": "Attachments",
    "mailbox": "Leaves from",
    "audience": "Who gets it",
    "groups": "Groups",
    "at": "Contact date",
    "zone": "Time zone",
    "waves": "Waves",
    "wave_percent": "Wave",
    "wave_hours": "Hours between waves",
    "wave_dates": "Wave dates",
    "validity_hours": "Validity",
    "utm": "Parameters of links",
    "also_template": "The template",
}
ALSO_TEMPLATE = {"yes": True, "no": False}
Typed = Mapping[str, Any]


def blank(session: Session, actor: User) -> dict[str, Any]:
    """What the form of a new delivery shows."""
    mailboxes = mailboxes_for(session, actor)
    return {
        "name": "",
        "subject": "",
        "html": "",
        "text": "",
        "from_template": "",
        "mailbox": mailboxes[0].id if mailboxes else "",
        **_of_audience(Audience()),
        **_of_schedule(Schedule(zone=actor.zone)),
        **form_of_settings(Settings(), Schedule()),
    }


def stored_form(session: Session, delivery: Delivery) -> dict[str, Any]:
    """What the form of this delivery shows."""
    setup = setup_of(session, delivery)
    content = content_of(session.get(Wording, setup.wording_id) if setup.wording_id else None)
    schedule = schedule_of(setup)
    return {
        "name": delivery.name,
        "subject": content.subject,
        "html": content.html,
        "text": content.text,
        "bundle_id": content.bundle_id,
        "from_template": setup.from_template,
        "mailbox": setup.mailbox_id or "",
        **_of_audience(audience_of(setup)),
        **_of_schedule(schedule),
        **form_of_settings(settings_of(setup), schedule),
    }


def as_typed(form: MultiDict[str, str]) -> dict[str, Any]:
    """The form as it was sent, for showing it again: nothing typed is lost."""
    return {**form.to_dict(), "groups": form.getlist("groups")}


def wish_of(form: MultiDict[str, str], bundle_id: int | None = None) -> Wish:
    """With these files. Raises Invalid by field for what cannot even be read."""
    schedule = _schedule(form)
    return Wish(
        name=form.get("name", ""),
        content=Content(form.get("subject", ""), form.get("html", ""), form.get("text", ""), bundle_id),
        mailbox_id=_number(form.get("mailbox", "")),
        audience=_audience(form),
        schedule=schedule,
        settings=settings_typed(form, schedule),
        from_template=form.get("from_template", ""),
        also_template=ALSO_TEMPLATE.get(form.get("also_template", "")),
    )


def _audience(form: MultiDict[str, str]) -> Audience:
    kind = form.get("audience", "")
    people = tuple(whole_numbers(form.get("people", "")))
    if kind == "everybody":
        return Audience(everybody=True)
    if kind == "search":
        return Audience(words=form.get("words", "").strip()[:200], owner=_number(form.get("owner", "")) or 0)
    if kind == "people":
        return Audience(people=people)
    return Audience(groups=tuple(sorted(form.getlist("groups", type=whole))))


def _schedule(form: MultiDict[str, str]) -> Schedule:
    zone = form.get("zone", "").strip() or "UTC"
    if form.get("when") != "date":
        return Schedule(zone=zone)
    if not form.get("at", "").strip():
        raise Invalid({"at": "Choose the date and time, or let it leave as soon as it is confirmed."})
    at = form.get("at", "").strip()
    return Schedule(at, zone, theirs="theirs" in form, ask_again="ask_again" in form)


def settings_typed(form: MultiDict[str, str], schedule: Schedule, kept: Settings | None = None) -> Settings:
    """Raises Invalid by field. Waves may be those that are `kept`."""
    hours = _number(form.get("validity_hours", ""))
    priority, start_by = form.get("priority", ""), form.get("start_by", "")
    return Settings(
        validity_hours=0 if hours is None else hours,
        priority=Priority(priority) if priority in set(Priority) else Priority.NORMAL,
        start_by=StartBy(start_by) if start_by in set(StartBy) else StartBy.PERSON,
        waves=kept.waves if kept and form.get("waves") == "kept" else _waves(form, schedule),
        opens="opens" in form,
        clicks="clicks" in form,
        utm=form.get("utm", "").strip().lstrip("?&"),
        typology=form.get("typology", "").strip()[:80],
    )


def _waves(form: MultiDict[str, str], schedule: Schedule) -> tuple[Wave, ...]:
    kind = form.get("waves", "")
    if kind == "equal":
        percent = _number(form.get("wave_percent", ""))
        hours = _number(form.get("wave_hours", ""))
        return equal_waves(percent or 0, timedelta(hours=hours or 0))
    if kind == "calendar":
        return calendar_waves(list(_dates(form.get("wave_dates", ""), schedule)))
    return ()


def _dates(written: str, schedule: Schedule) -> Iterator[tuple[int, timedelta]]:
    """Lines such as “50 2026-12-01 09:00”: percent, and the wall clock of the delivery's zone."""
    if not schedule.at:
        raise Invalid({"wave_dates": "Choose a contact date first: the first wave leaves then."})
    for line in filter(None, map(str.strip, written.splitlines())):
        percent, _, date = line.partition(" ")
        try:
            wave = Schedule(date.strip(), schedule.zone).instant
            start = schedule.instant
            assert wave is not None and start is not None
            yield int(percent.rstrip("%")), wave - start
        except (ValueError, OverflowError, AssertionError, KeyError):
            raise Invalid(
                {"wave_dates": f"“{line[:60]}” is no wave. Write lines such as 50 2026-12-01 09:00."}
            ) from None


def _of_audience(audience: Audience) -> dict[str, Any]:
    kind = "everybody" if audience.everybody else "search" if audience.searches else "groups"
    return {
        "audience": "people" if audience.people else kind,
        "words": audience.words,
        "owner": audience.owner or "",
        "groups": [str(group) for group in audience.groups],
        "people": ",".join(map(str, audience.people)),
    }


def _of_schedule(schedule: Schedule) -> dict[str, Any]:
    return {
        "when": "date" if schedule.at else "confirmed",
        "at": schedule.at,
        "zone": schedule.zone,
        **({"theirs": "1"} if schedule.theirs else {}),
        **({"ask_again": "1"} if schedule.ask_again else {}),
    }


def form_of_settings(settings: Settings, schedule: Schedule) -> dict[str, Any]:
    """What the form shows of these settings; dates of waves only where there is a contact date."""
    waves = settings.waves
    equal = _are_equal(waves)
    return {
        "validity_hours": settings.validity_hours,
        "priority": settings.priority.value,
        **({"opens": "1"} if settings.opens else {}),
        **({"clicks": "1"} if settings.clicks else {}),
        "utm": settings.utm,
        "typology": settings.typology,
        "start_by": settings.start_by.value,
        "waves": ("equal" if equal else "calendar") if waves else "none",
        "wave_percent": waves[0].percent if equal else 25,
        "wave_hours": (waves[1].after // 3600) if equal else 24,
        "wave_dates": "" if equal else "\n".join(_wave_line(wave, schedule) for wave in waves),
    }


def _are_equal(waves: Sequence[Wave]) -> bool:
    """Whether the two numbers of equal waves say it all."""
    quickest = timedelta(minutes=15)
    if len(waves) < 2 or waves[1].after < quickest.total_seconds() or waves[1].after % 3600:
        return False
    return tuple(waves) == equal_waves(waves[0].percent, timedelta(seconds=waves[1].after))


def _wave_line(wave: Wave, schedule: Schedule) -> str:
    start = datetime.fromisoformat(schedule.at) if schedule.at else None
    when = f"{start + timedelta(seconds=wave.after):%Y-%m-%d %H:%M}" if start else ""
    return f"{wave.percent} {when}"


def _number(written: str) -> int | None:
    written = written.strip()
    return row_of(written) or None
