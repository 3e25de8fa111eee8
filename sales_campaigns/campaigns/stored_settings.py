"""Settings of a campaign: as stored with a version, as typed in the form, and as values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import time, timedelta
from typing import Any, TypeVar

from sales_campaigns.campaigns.file import (
    Colleagues,
    FileSettings,
    Late,
    Lateness,
    OnReply,
    OutOfOffice,
    Tracking,
    ZoneOf,
)
from sales_campaigns.campaigns.file.values import DURATION, TIME, UNITS
from sales_campaigns.campaigns.holiday_dates import refuse_unknown_place
from sales_campaigns.campaigns.planner import Window
from sales_campaigns.errors import Invalid

Value = TypeVar("Value")
A_TIME = "Write a time of day such as 09:00."


def settings_of(stored: Mapping[str, Any]) -> FileSettings:
    """From the JSON of a version: the keys of the campaign file, what is left out has the file's default."""
    window, default = stored.get("send_window"), FileSettings()
    late, tracking = stored.get("late") or {}, stored.get("tracking") or {}
    return FileSettings(
        skip_weekends=stored.get("skip_weekends", False),
        holidays=stored.get("holidays"),
        send_window=Window(read_time(window["from"]), read_time(window["to"])) if window else None,
        timezone=ZoneOf(stored.get("timezone", default.timezone)),
        on_reply=OnReply(stored.get("on_reply", default.on_reply)),
        remove_on_bounce=stored.get("remove_on_bounce", True),
        out_of_office=OutOfOffice(stored.get("out_of_office", default.out_of_office)),
        late=Late(read_duration(late.get("limit", "4h")), Lateness(late.get("then", default.late.then))),
        tracking=Tracking(tracking.get("opens", True), tracking.get("clicks", True)),
        colleagues=Colleagues(stored.get("colleagues", default.colleagues)),
        schedule=stored.get("schedule"),
    )


def stored_form(settings: FileSettings) -> dict[str, Any]:
    """The JSON that is stored with a version."""
    window = settings.send_window
    return {
        "skip_weekends": settings.skip_weekends,
        "holidays": settings.holidays,
        "send_window": {"from": clock(window.opens), "to": clock(window.closes)} if window else None,
        "timezone": settings.timezone.value,
        "on_reply": settings.on_reply.value,
        "remove_on_bounce": settings.remove_on_bounce,
        "out_of_office": settings.out_of_office.value,
        "late": {"limit": write_duration(settings.late.limit), "then": settings.late.then.value},
        "tracking": {"opens": settings.tracking.opens, "clicks": settings.tracking.clicks},
        "colleagues": settings.colleagues.value,
        **({"schedule": settings.schedule} if settings.schedule else {}),
    }


def typed_form(settings: FileSettings) -> dict[str, Any]:
    """What the form shows. A check-box is True or False, everything else text."""
    window = settings.send_window
    flat = {**stored_form(settings), "late_limit": write_duration(settings.late.limit)}
    flat |= {"late_then": settings.late.then.value, "holidays": settings.holidays or ""}
    flat |= {"schedule": settings.schedule or ""}
    flat |= {
        "window_from": clock(window.opens) if window else "",
        "window_to": clock(window.closes) if window else "",
    }
    flat |= {"track_opens": settings.tracking.opens, "track_clicks": settings.tracking.clicks}
    return {
        name: value for name, value in flat.items() if not isinstance(value, dict) and name != "send_window"
    }


def settings_typed(typed: Mapping[str, str]) -> FileSettings:
    """From the form, where a check-box that is off is not there. Raises Invalid with every problem at once."""
    form = _Form(typed)
    settings = FileSettings(
        skip_weekends="skip_weekends" in typed,
        holidays=form.read("holidays", _place),
        send_window=form.window(),
        timezone=form.read("timezone", ZoneOf) or ZoneOf.SENDER,
        on_reply=form.read("on_reply", OnReply) or OnReply.END,
        remove_on_bounce="remove_on_bounce" in typed,
        out_of_office=form.read("out_of_office", OutOfOffice) or OutOfOffice.PAUSE,
        late=Late(
            form.read("late_limit", read_duration) or Late().limit,
            form.read("late_then", Lateness) or Lateness.NEXT_SLOT,
        ),
        tracking=Tracking("track_opens" in typed, "track_clicks" in typed),
        colleagues=form.read("colleagues", Colleagues) or Colleagues.CONTINUE,
        schedule=typed.get("schedule", "").strip() or None,
    )
    if form.problems:
        raise Invalid(form.problems)
    return settings


class _Form:
    """Reads fields one by one and gathers what is wrong with them."""

    def __init__(self, typed: Mapping[str, str]) -> None:
        self.typed = typed
        self.problems: dict[str, str] = {}

    def read(self, name: str, reader: Callable[[str], Value]) -> Value | None:
        """None where the field is blank or wrong."""
        written = self.typed.get(name, "").strip()
        if not written:
            return None
        try:
            return reader(written)
        except Invalid as refusal:
            self.problems[name] = next(iter(refusal.problems.values()))
        except ValueError:
            self.problems[name] = "Choose one of the list."
        return None

    def window(self) -> Window | None:
        opens, closes = self.read("window_from", read_time), self.read("window_to", read_time)
        if self.problems.keys() & {"window_from", "window_to"} or (opens is None and closes is None):
            return None
        if opens is None or closes is None:
            missing = "window_from" if opens is None else "window_to"
            self.problems[missing] = "Give both times, or leave both empty for no window."
            return None
        try:
            return Window(opens, closes)
        except Invalid as refusal:
            self.problems["window_to"] = next(iter(refusal.problems.values()))
        return None


def read_time(written: str) -> time:
    """ "09:00". Raises Invalid."""
    found = TIME.fullmatch(written.strip())
    if found is None:
        raise Invalid({"at": A_TIME})
    hour, minute, second = (int(part or 0) for part in found.groups())
    return time(hour, minute, second)


def read_duration(written: str) -> timedelta:
    """ "30m", "4h" or "10d". Raises Invalid."""
    found = DURATION.fullmatch(written.strip())
    if found is None:
        raise Invalid({"limit": "Write a duration such as 30m, 4h or 10d."})
    return int(found[1]) * UNITS[found[2]]


def write_duration(length: timedelta) -> str:
    unit, size = next((unit, size) for unit, size in UNITS.items() if not length % size)
    return f"{length // size}{unit}"


def clock(at: time) -> str:
    return at.strftime("%H:%M:%S" if at.second else "%H:%M")


def _place(written: str) -> str:
    place = written.upper()
    refuse_unknown_place(place)
    return place
