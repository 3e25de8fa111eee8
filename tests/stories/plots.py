"""Any legal campaign, any people, any settings: what happens is drawn, and drawn again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from hypothesis import strategies as st

from sales_campaigns.campaigns.file import CampaignFile, FileSettings, FileStep, Quote, ZoneOf
from sales_campaigns.campaigns.planner import IfPast, SendOption, StepKind, StepOutline, Window
from sales_campaigns.campaigns.send_options import numbered, reset_illegal
from sales_campaigns.campaigns.simulating import Wish
from sales_campaigns.campaigns.variants import MOST
from sales_campaigns.campaigns.varied import SaidVariant, Varied
from sales_campaigns.content.rendering import Content
from tests.stories.letters import words_of

SENDERS_ZONE = "Europe/Stockholm"
ZONES = [
    "Europe/Stockholm",
    "America/New_York",
    "America/Santiago",  # where midnight is what the clocks skip
    "Pacific/Auckland",
    "Australia/Lord_Howe",  # where they skip half an hour
    "Asia/Kolkata",
    "Nowhere/Land",
    "",
]
A_FIELD = ", {{ company }}"  # which not everybody has
TIMES = st.builds(time, st.integers(0, 23), st.sampled_from([0, 30]))
KINDS = [StepKind.EMAIL, StepKind.EMAIL, StepKind.EMAIL, StepKind.CALL, StepKind.INMAIL, StepKind.CUSTOM]
STEPS = st.builds(
    StepOutline,
    day=st.integers(1, 6),
    number=st.just(1),
    kind=st.sampled_from(KINDS),
    send=st.sampled_from(SendOption),
    at=TIMES,
    if_past=st.sampled_from(IfPast),
    follow_up=st.booleans(),
    skip_after_days=st.none() | st.integers(1, 4),
)
SETTINGS = st.builds(
    FileSettings,
    skip_weekends=st.booleans(),
    holidays=st.sampled_from([None, "SE", "US-CA"]),
    send_window=st.sampled_from([None, Window(time(8), time(18)), Window(time(2), time(3, 30))]),
    timezone=st.sampled_from(ZoneOf),
)
# Around the clock changes of both hemispheres, Christmas, and nothing in particular; on the sender's wall clock.
STARTS = st.one_of(
    st.datetimes(datetime.fromisoformat("2026-10-20"), datetime.fromisoformat("2026-11-02")),
    st.datetimes(datetime.fromisoformat("2027-03-10"), datetime.fromisoformat("2027-04-05")),
    st.datetimes(datetime.fromisoformat("2026-12-18"), datetime.fromisoformat("2027-01-06")),
    st.datetimes(datetime.fromisoformat("2026-09-01"), datetime.fromisoformat("2026-09-14")),
).map(lambda at: at.replace(microsecond=0))


@dataclass(frozen=True)
class Plot:
    """One campaign for some people, from an instant on."""

    wish: Wish
    people: list[dict[str, str]]

    def __repr__(self) -> str:
        wish = self.wish
        steps = "\n    ".join(str(step.outline) for step in wish.campaign.steps)
        more = f"send_at={wish.send_at}, delay={wish.task_delay_days}, limit={wish.limit}, leave={wish.leave}"
        more += f"\n  varied={wish.varied}"
        return f"Plot({wish.start}, {more}\n  {wish.campaign.settings}\n    {steps}\n  {self.people})"


@st.composite
def plots(draw: st.DrawFn, most_steps: int = 7, most_people: int = 5) -> Plot:
    drawn = sorted(draw(st.lists(STEPS, min_size=1, max_size=most_steps)), key=lambda step: step.day)
    legal, _ = reset_illegal([_only_what_counts(step, n) for n, step in enumerate(drawn)])
    steps = tuple(_with_words(step, draw(st.sampled_from(Quote))) for step in numbered(legal))
    file = CampaignFile("A plot", "Outbound", draw(SETTINGS), steps)
    start = draw(STARTS)
    ahead = draw(st.none() | st.tuples(st.integers(0, 9), st.integers(0, 7)))
    wish = Wish(
        campaign=file,
        start=start,
        zone=SENDERS_ZONE,
        send_at=draw(st.none() | _later_than(start)) if _asks_when(file) else None,
        task_delay_days=draw(st.sampled_from([0, 0, 1, 3])),
        limit=draw(st.none() | st.integers(1, 4)),
        leave=(_leave(start, *ahead),) if ahead else (),
        varied=draw(_varied(steps)),
    )
    return Plot(
        wish, draw(st.lists(st.sampled_from(ZONES), min_size=1, max_size=most_people).flatmap(_people))
    )


@st.composite
def _varied(draw: st.DrawFn, steps: tuple[FileStep, ...]) -> dict[int, Varied]:
    """Up to five contents of some of the mails, of any weights; some are stopped, some say what not everybody has."""
    mails = [place for place, step in enumerate(steps) if step.outline.kind == StepKind.EMAIL]
    chosen = draw(st.lists(st.sampled_from(mails), unique=True, max_size=3)) if mails else []
    return {place: Varied(f"{place:012x}", draw(_variants(steps[place]))) for place in sorted(chosen)}


@st.composite
def _variants(draw: st.DrawFn, step: FileStep) -> tuple[SaidVariant, ...]:
    """The first says what the file says: the one that is exported."""
    count = draw(st.integers(2, MOST))
    weights = draw(st.lists(st.sampled_from([1, 50, 100]), min_size=count, max_size=count))
    stopped = [False, *draw(st.lists(st.booleans(), min_size=count - 1, max_size=count - 1))]
    letters, outline = "ABCDE"[:count], step.outline
    fields = ["", *([""] if outline.is_task else ["", A_FIELD])]
    return tuple(
        SaidVariant(letter, _said(step, letter, draw(st.sampled_from(fields))), weight, ended)
        for letter, weight, ended in zip(letters, weights, stopped, strict=True)
    )


def _said(step: FileStep, letter: str, more: str) -> Content:
    subject = "" if step.outline.follow_up else f"Day {step.outline.day}, {letter}"
    return Content(subject, words_of(step.outline.day, step.outline.number, letter, more))


def _leave(start: datetime, days: int, length: int) -> tuple[date, date]:
    """The days on which its sender is away, so that every date goes around them."""
    first = start.date() + timedelta(days=days)
    return first, first + timedelta(days=length)


def _people(zones: list[str]) -> st.SearchStrategy[list[dict[str, str]]]:
    """Each in a zone; some can only be called."""
    flags = st.tuples(st.sampled_from([True, True, True, False]), st.sampled_from(["Fjord Energy", ""]))
    return st.lists(flags, min_size=len(zones), max_size=len(zones)).map(
        lambda drawn: [
            _person(n, zone, *each) for n, (zone, each) in enumerate(zip(zones, drawn, strict=True))
        ]
    )


def _person(number: int, zone: str, mailed: bool, company: str) -> dict[str, str]:
    reached = {"email": f"person{number}@example.com"} if mailed else {"phone": f"+46 8 {number}"}
    return {"first_name": "Maria", "company": company, "time_zone": zone, **reached}


def _later_than(start: datetime) -> st.SearchStrategy[Any]:
    return st.integers(60, 12 * 24 * 60).map(lambda minutes: start + timedelta(minutes=minutes))


def _asks_when(file: CampaignFile) -> bool:
    return file.steps[0].outline.send in (SendOption.CHOOSE, SendOption.AT)


def _only_what_counts(step: StepOutline, position: int) -> StepOutline:
    mail = step.kind == StepKind.EMAIL
    return replace(
        step,
        day=step.day if position else 1,
        send=step.send if mail else None,
        at=step.at if mail and step.send == SendOption.AT else None,
        follow_up=step.follow_up and mail,
        skip_after_days=None if mail and step.send != SendOption.TASK else step.skip_after_days,
    )


def _with_words(step: StepOutline, quote: Quote) -> FileStep:
    if step.kind != StepKind.EMAIL:
        return FileStep(step, name=f"Day {step.day}")
    subject = None if step.follow_up else f"Day {step.day}"
    return FileStep(step, subject=subject, html=words_of(step.day, step.number), quote=quote)
