"""The day on which somebody is back, as automatic replies write it in seven languages. Pure.

The rule: the enrolment pauses until the return date if one is readable. What can be read in two ways is not readable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

LONGEST = timedelta(days=300)
NEAR = timedelta(days=90)  # of two readings, the one that lies so near is meant
LONGEST_WORDS = 5_000  # a date of return stands at the beginning, and dates are compared with each other
REACH = 60  # characters between a word such as “until” and its date
REACH_BACK = 30  # the same where the word follows, as in “maandag 7 december weer bereikbaar”
MONTHS = (
    "jan|januar|januari|january|janvier|enero|ene|gennaio|gen|jän|jänner",
    "feb|februar|februari|february|février|fevrier|févr|febrero|febbraio",
    "mar|mär|märz|maerz|mars|march|marzo|maart|mrt|mär",
    "apr|april|avril|avr|abril|abr|aprile",
    "may|mai|mayo|mei|maj|maggio|mag",
    "jun|juni|june|juin|junio|giugno|giu",
    "jul|juli|july|juillet|juil|julio|luglio|lug",
    "aug|august|augusti|augustus|août|aout|agosto|ago",
    "sep|sept|september|septembre|septiembre|settembre|set",
    "oct|okt|october|oktober|octobre|octubre|ottobre|ott",
    "nov|november|novembre|noviembre",
    "dec|dez|déc|dic|december|dezember|décembre|decembre|diciembre|dicembre",
)
WEEKDAYS = (
    "monday|mon|montag|lundi|lunes|lunedì|lunedi|maandag|måndag",
    "tuesday|tue|dienstag|mardi|martes|martedì|martedi|dinsdag|tisdag",
    "wednesday|wed|mittwoch|mercredi|miércoles|miercoles|mercoledì|mercoledi|woensdag|onsdag",
    "thursday|thu|donnerstag|jeudi|jueves|giovedì|giovedi|donderdag|torsdag",
    "friday|fri|freitag|vendredi|viernes|venerdì|venerdi|vrijdag|fredag",
    "saturday|sat|samstag|sonnabend|samedi|sábado|sabado|sabato|zaterdag|lördag",
    "sunday|sun|sonntag|dimanche|domingo|domenica|zondag|söndag",
)
TOMORROW = "tomorrow|morgen|demain|mañana|domani|imorgon|i morgon"
# Back on that day.
_BACK = (
    r"back|return(?:s|ing)?|available again|in the office again|reachable again|resume"
    r"|wieder|zurück|zurueck|ab(?: dem)?"
    r"|de retour|retour|reviens|reviendrai|reprendrai|rentre|rentrerai|à partir du"
    r"|vuelvo|volveré|regreso|regresaré|de vuelta|reincorpor\w+|a partir del?"
    r"|rientro|rientrerò|torno|tornerò|di ritorno|di nuovo|a partire dal?"
    r"|terug|weer|vanaf"
    r"|tillbaka|åter|från och med|fr\.o\.m\.?"
)
# Away up to and with that day, so back on the next one.
_THROUGH = (
    r"through|thru|up to and including|inclusive of|bis (?:einschlie(?:ß|ss)lich|einschl\.?|inkl\.?|inklusive|und mit)"
    r"|bis(?: zum)?|jusqu['’]au|jusqu['’]à|au|hasta(?: el)?|al|fino al?|sino al?|t/m|tot en met|till och med|t\.o\.m\.?"
    r"|to and including|to"
)
# Away until that day: back on it.
_UNTIL = r"until|till|til|’til|tot|till|before|avant le|vor dem"
_NUMBER = r"(?P<day>\d{1,2})(?:st|nd|rd|th|er|º|°|\.|:e)?"
_MONTH = rf"(?P<month>{'|'.join(sorted('|'.join(MONTHS).split('|'), key=len, reverse=True))})\b\.?"
_YEAR = r"(?:,?\s*(?:de |del )?(?P<year>20\d\d))?"
_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?P<year>20\d\d)-(?P<number>\d{1,2})-(?P<day>\d{1,2})\b",
        rf"(?<!\d){_NUMBER}\s*(?:of |de |di |den )?{_MONTH}{_YEAR}",
        rf"\b{_MONTH}\s*{_NUMBER}(?!\d|[./]\d){_YEAR}",
        r"(?<![\d./])(?P<day>\d{1,2})\.\s?(?P<number>\d{1,2})(?:\.\s?(?P<year>(?:20)?\d\d)|\.)?(?![\d/])",
        r"(?<![\d./-])(?P<day>\d{1,2})(?P<slash>[/-])(?P<number>\d{1,2})(?:[/-](?P<year>(?:20)?\d\d))?(?![\d/])",
        rf"\b(?P<weekday>{'|'.join(sorted('|'.join(WEEKDAYS).split('|'), key=len, reverse=True))})\b",
        rf"\b(?P<tomorrow>{TOMORROW})\b",
    )
)
_CUE = re.compile(
    rf"(?<!\w)(?:(?P<through>{_THROUGH})|(?P<back>{_BACK})|(?P<until>{_UNTIL}))(?!\w)", re.IGNORECASE
)
_ENGLISH = re.compile(r"\b(?:the|office|will|back|until|return|away|reply)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Found:
    """One date of the text: where it stands, and the days that it may mean."""

    start: int
    end: int
    days: tuple[date, ...]
    named: bool


def return_date(subject: str, text: str, received: date) -> date | None:
    """The first day on which the person is back, later than `received`; None when the text does not clearly say.

    A day without a year is the next one of that name, a weekday the next such day. “Back on” counts more than
    “until”. Days and months of numbers are told apart by the language, or by which of them is still to come.
    """
    words = f"{subject}\n{text}"[:LONGEST_WORDS]
    dates = list(_dates(words, received))
    back, until = set[date](), set[date]()
    for cue in _CUE.finditer(words):
        for day in _meant(_of_cue(words, cue, dates), received):
            (back if cue["back"] else until).add(day + timedelta(days=1) if cue["through"] else day)
    return max(back or until, default=None)


def _of_cue(words: str, cue: re.Match[str], dates: list[_Found]) -> _Found | None:
    """The date that a word such as “until” belongs to: the next one, or for “back” the one just before."""
    for one in dates:
        if 0 <= one.start - cue.end() <= REACH and _joined(words[cue.end() : one.start]):
            return one
    if cue["back"]:
        for one in reversed(dates):
            if 0 <= cue.start() - one.end <= REACH_BACK and _joined(words[one.end : cue.start()]):
                return one
    return None


def _meant(found: _Found | None, received: date) -> set[date]:
    """The one day that is still to come; of two the near one; none when both are, or neither."""
    days = {day for day in found.days if received < day <= received + LONGEST} if found else set()
    near = {day for day in days if day <= received + NEAR}
    chosen = near if len(days) > 1 else days
    return chosen if len(chosen) == 1 else set()


def _joined(between: str) -> bool:
    """No other sentence begins there, and no other such word stands there."""
    return re.search(r"[!?\n]\s|(?<!\d)\.\s+[A-ZÄÖÜÉ]|\n\n", between) is None and not _CUE.search(between)


def _dates(words: str, received: date) -> Iterator[_Found]:
    """Every date in order of its place; a weekday that stands before a date belongs to that date."""
    taken: list[tuple[int, int]] = []
    found: list[_Found] = []
    for pattern in _PATTERNS:
        for match in pattern.finditer(words):
            if any(start < match.end() and match.start() < end for start, end in taken):
                continue
            days = tuple(_days(match, words, received))
            if days:
                taken.append(match.span())
                found.append(_Found(*match.span(), days, "day" in match.groupdict()))
    dated = [one.start for one in found if one.named]
    yield from sorted(
        (one for one in found if one.named or not any(0 <= start - one.end <= 14 for start in dated)),
        key=lambda one: one.start,
    )


def _days(match: re.Match[str], words: str, received: date) -> Iterator[date]:
    said = match.groupdict()
    if said.get("tomorrow"):
        yield received + timedelta(days=1)
    elif said.get("weekday"):
        yield _next_weekday(_place(WEEKDAYS, said["weekday"]), received)
    else:
        day, month = (
            int(said["day"]),
            int(said.get("number") or _place(MONTHS, said.get("month") or "jan") + 1),
        )
        year = int(said["year"]) % 2000 + 2000 if said.get("year") else None
        yield from _on(day, month, year, received)
        if said.get("slash") and day != month and _ENGLISH.search(words):
            yield from _on(month, day, year, received)


def _on(day: int, month: int, year: int | None, received: date) -> Iterator[date]:
    """The day in this year, or in the next when it has passed and no year is named."""
    for one in [year] if year else [received.year, received.year + 1]:
        try:
            found = date(one, month, day)
        except ValueError:
            return
        if year or found >= received:
            yield found
            return


def _place(names: tuple[str, ...], written: str) -> int:
    return next(place for place, known in enumerate(names) if written.lower() in known.split("|"))


def _next_weekday(weekday: int, received: date) -> date:
    return received + timedelta(days=(weekday - received.weekday() - 1) % 7 + 1)
