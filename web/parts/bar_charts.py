"""Bars as the server draws them: where each stands in the picture, and the picture in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sales_campaigns.enrollments.explaining.funnels import Funnel, total
from web.filters import WEEKDAYS, count_words

HEIGHT = 120  # of the tallest bar; the labels stand below it
STEP, WIDTH = 40, 28  # from one bar to the next, and how wide it is
# What stands in front of what, each within the one before: its class, and its name for the legend.
LAYERS = (("sent", "Sent"), ("opened", "Opened"), ("clicked", "Clicked"), ("replied", "Replied"))
Hours = Mapping[tuple[int, int], Funnel]


@dataclass(frozen=True, slots=True)
class Layer:
    """One figure of one bar, in units of the picture."""

    kind: str
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Bar:
    """`words` are read out, and shown to who points at it."""

    label: str
    middle: int
    layers: tuple[Layer, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Chart:
    """`words` say what a look at the picture says."""

    title: str
    words: str
    bars: tuple[Bar, ...]

    @property
    def width(self) -> int:
        return STEP * len(self.bars)


def by_weekday(moments: Hours) -> Chart:
    days = [total(one for (day, _), one in moments.items() if day == n) for n in range(7)]
    return _chart("By weekday", WEEKDAYS, days)


def by_hour(moments: Hours) -> Chart:
    """From the first to the last hour in which any mail was due."""
    used = [hour for _, hour in moments]
    hours = range(min(used, default=0), max(used, default=-1) + 1)
    counted = [total(one for (_, hour), one in moments.items() if hour == n) for n in hours]
    return _chart("By hour", [f"{hour:02d}" for hour in hours], counted)


def _chart(title: str, labels: Sequence[str], funnels: Sequence[Funnel]) -> Chart:
    most = max((one.sent for one in funnels), default=0)
    pairs = list(zip(labels, funnels, strict=True))
    bars = tuple(_bar(n, label, one, most) for n, (label, one) in enumerate(pairs))
    return Chart(title, " ".join(bar.words for bar in bars if bar.layers), bars)


def _bar(n: int, label: str, funnel: Funnel, most: int) -> Bar:
    layers = []
    for depth, (kind, _) in enumerate(LAYERS):
        height = round(HEIGHT * getattr(funnel, kind) / most) if most else 0
        width = WIDTH - 6 * depth
        if height:
            layers.append(Layer(kind, n * STEP + (STEP - width) // 2, HEIGHT - height, width, height))
    return Bar(label, n * STEP + STEP // 2, tuple(layers), _words(label, funnel))


def _words(label: str, funnel: Funnel) -> str:
    did = f"{funnel.opened:,} opened, {funnel.clicked:,} clicked, {funnel.replied:,} replied"
    out = f", {funnel.opted_out:,} opted out" if funnel.opted_out else ""
    return f"{label}: {count_words(funnel.sent, 'mail')} sent, {did}{out}."
