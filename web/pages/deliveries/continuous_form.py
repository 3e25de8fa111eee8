"""The form of a continuous delivery: from what is typed to an incremental query, and back."""

from __future__ import annotations

from typing import Any

from werkzeug.datastructures import MultiDict

from sales_campaigns.deliveries.incremental import CEILING, CUSTOM, Incremental, Mode, PersonDate
from sales_campaigns.errors import Invalid
from web.filters import wall_words
from web.pages.deliveries import series_form

LABELS = {
    **series_form.LABELS,
    "mode": "Whom a run takes",
    "field": "By which date",
    "custom": "Custom field",
    "since": "Changed since",
    "ceiling": "Ceiling",
}
MODE_OPTIONS = [
    (
        Mode.NEW.value,
        "Who was not taken yet",
        "Everybody of the audience once: got the mail, or was left out.",
    ),
    (
        Mode.CHANGED.value,
        "Who changed since the last run",
        "By a date of the person; the same person may come again.",
    ),
]
FIELD_OPTIONS = [
    (PersonDate.CREATED.value, "Added here"),
    (PersonDate.UPDATED.value, "Last changed"),
    (PersonDate.CONSENT.value, "Basis for writing noted"),
    ("custom", "A custom field with a date"),
]
FIELD_WORDS = {
    PersonDate.CREATED.value: "who were added",
    PersonDate.UPDATED.value: "who were changed",
    PersonDate.CONSENT.value: "whose basis was noted",
}


def blank(zone: str, today: str) -> dict[str, Any]:
    rest = {"mode": Mode.NEW.value, "field": PersonDate.UPDATED.value, "since": f"{today}T00:00"}
    return {**series_form.blank(zone), "every": "days", "ceiling": CEILING, **rest}


def shown(wanted: Incremental, since: str) -> dict[str, Any]:
    """What the form of this query shows; `since` is from when on the next run looks."""
    return {
        **series_form.shown(wanted.recurrence),
        "mode": wanted.mode.value,
        "field": "custom" if wanted.custom_field else wanted.field,
        "custom": wanted.custom_field,
        "since": since,
        "ceiling": wanted.ceiling,
    }


def incremental_of(form: MultiDict[str, str]) -> Incremental:
    """Raises Invalid by field for what cannot even be read."""
    mode, ceiling = form.get("mode", ""), form.get("ceiling", "").strip()
    if mode not in set(Mode):
        raise Invalid({"mode": "Choose whom a run takes."})
    if not (ceiling.isascii() and ceiling.isdecimal() and len(ceiling) < 10):
        raise Invalid({"ceiling": "Write a whole number of people."})
    field = form.get("field", "")
    return Incremental(
        mode=Mode(mode),
        recurrence=series_form.recurrence_of(form),
        field=f"{CUSTOM}{form.get('custom', '').strip()[:80]}" if field == "custom" else field,
        since=form.get("since", "").strip(),
        ceiling=int(ceiling),
    )


def whom_words(wanted: Incremental, since: str) -> str:
    """People who were not taken yet; people who were changed since Tue 1 Dec 2026 09:00."""
    if wanted.mode is Mode.NEW:
        return "Takes people of the audience who were not taken yet"
    custom = wanted.custom_field
    what = f"whose “{custom}” has come" if custom else FIELD_WORDS[wanted.field]
    return f"Takes people of the audience {what} since {wall_words(since)}"
