"""A campaign written as a file, the same bytes every time.

Every text stands in double quotes (or as a block of lines), so that readers of older YAML cannot take "12:30"
for a number, or "NO" and "on" for false and true.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import time, timedelta

from sales_campaigns.campaigns.file.parsed import (
    FORMAT,
    CampaignFile,
    Colleagues,
    FileSettings,
    FileStep,
    Priority,
    Quote,
)
from sales_campaigns.campaigns.file.values import UNITS
from sales_campaigns.campaigns.planner import IfPast, Window

ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
NOT_IN_BLOCKS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def write_campaign(campaign: CampaignFile) -> str:
    """What `read_campaign` reads back equal: all settings, and of the steps what is not the default."""
    lines = [f"format: {FORMAT}", f"name: {quoted(campaign.name)}", f"category: {quoted(campaign.category)}"]
    lines += ["settings:", *(f"  {key}: {value}" for key, value in _settings(campaign.settings)), "steps:"]
    for step in campaign.steps:
        pairs = [f"    {key}: {value}" for key, value in _step(step)]
        lines += ["  - " + pairs[0].lstrip(), *pairs[1:]]
    return "\n".join(lines) + "\n"


def _settings(settings: FileSettings) -> Iterator[tuple[str, str]]:
    yield "skip_weekends", _flag(settings.skip_weekends)
    yield "holidays", quoted(settings.holidays) if settings.holidays else "null"
    yield "send_window", _window(settings.send_window)
    yield "timezone", settings.timezone
    yield "on_reply", settings.on_reply
    yield "remove_on_bounce", _flag(settings.remove_on_bounce)
    yield "out_of_office", settings.out_of_office
    yield "late", f"{{limit: {_duration(settings.late.limit)}, then: {settings.late.then}}}"
    opens, clicks = _flag(settings.tracking.opens), _flag(settings.tracking.clicks)
    yield "tracking", f"{{opens: {opens}, clicks: {clicks}}}"
    if (
        settings.colleagues is not Colleagues.CONTINUE
    ):  # newer than the format: files without it stay as they are
        yield "colleagues", settings.colleagues
    if settings.schedule is not None:
        yield "schedule", quoted(settings.schedule)


def _step(step: FileStep) -> Iterator[tuple[str, str]]:
    yield "day", str(step.outline.day)
    yield "type", step.outline.kind
    if step.name is not None:
        yield "name", quoted(step.name)
    yield from _sending(step)
    for key in ("template", "from_template", "subject", "html", "text", "details"):
        words = getattr(step, key)
        if words is not None:
            yield key, block_or_quoted(words)
    if step.priority != Priority.NORMAL:
        yield "priority", step.priority
    if step.outline.skip_after_days is not None:
        yield "skip_after", f"{step.outline.skip_after_days}d"


def _sending(step: FileStep) -> Iterator[tuple[str, str]]:
    if step.outline.send is not None:
        yield "send", step.outline.send
    if step.outline.at is not None:
        yield "at", _clock(step.outline.at)
    if step.outline.if_past != IfPast.NEXT_DAY:
        yield "if_past", step.outline.if_past
    if step.outline.follow_up:
        yield "follow_up", "true"
    if step.quote != Quote.TEMPLATE:
        yield "quote", step.quote


def quoted(words: str) -> str:
    """In double quotes; JSON's escapes are YAML's too."""
    return ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(words, ensure_ascii=False))


def block_or_quoted(words: str) -> str:
    """Several lines as a block, which reads better when versions are compared, if a block can hold them."""
    lines = words.removesuffix("\n").split("\n")
    if (
        "\n" not in words
        or not lines[-1].strip()
        or NOT_IN_BLOCKS.search(words)
        or any(map(_is_blank, lines))
    ):
        return quoted(words)
    chomping = "" if words.endswith("\n") else "-"
    return f"|2{chomping}\n" + "\n".join(f"      {line}" if line else "" for line in lines)


def _is_blank(line: str) -> bool:
    return line != "" and not line.strip()


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _clock(at: time) -> str:
    return f'"{at:%H:%M:%S}"' if at.second else f'"{at:%H:%M}"'


def _window(window: Window | None) -> str:
    return "null" if window is None else f"{{from: {_clock(window.opens)}, to: {_clock(window.closes)}}}"


def _duration(length: timedelta) -> str:
    """In the largest unit that divides it."""
    unit, size = next((unit, size) for unit, size in UNITS.items() if not length % size)
    return f"{length // size}{unit}"
