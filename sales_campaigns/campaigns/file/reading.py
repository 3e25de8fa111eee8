"""A campaign file read: everything that is wrong with it is said at once, with line and column."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sales_campaigns.campaigns.file.nodes import Node, parse
from sales_campaigns.campaigns.file.parsed import (
    FORMAT,
    CampaignFile,
    Colleagues,
    FileSettings,
    FileStep,
    Late,
    Lateness,
    OnReply,
    OutOfOffice,
    Priority,
    Quote,
    Tracking,
    ZoneOf,
)
from sales_campaigns.campaigns.file.values import (
    Wrong,
    days,
    duration,
    flag,
    one_of,
    or_null,
    place,
    text,
    time_of_day,
    title,
    whole,
)
from sales_campaigns.campaigns.planner import IfPast, SendOption, StepKind, StepOutline, Window
from sales_campaigns.campaigns.send_options import numbered, problems_of
from sales_campaigns.errors import Invalid

Problems = dict[str, str]
Reader = Callable[[Node, str, Problems], Any]


def _of(read: Callable[[Node], Any]) -> Reader:
    return lambda node, _path, _problems: read(node)


def _made(make: Callable[..., Any], fields: Mapping[str, Reader], needed: tuple[str, ...] = ()) -> Reader:
    def read(node: Node, path: str, problems: Problems) -> Any:
        values = _fields(node, path, problems, fields, needed)
        if any(name not in values for name in needed):
            raise Wrong("This is not complete.")
        try:
            return make(**values)
        except Invalid as refused:
            raise Wrong(refused.problems.popitem()[1]) from None

    return read


def _or_null(read: Reader) -> Reader:
    return lambda node, path, problems: None if node.value is None else read(node, path, problems)


def _window(**hours: Any) -> Window:
    return Window(hours["from"], hours["to"])


CLOCK = _of(time_of_day)
FLAG = _of(flag)
LATE = {"limit": _of(duration), "then": _of(one_of(Lateness))}
SETTINGS: dict[str, Reader] = {
    "skip_weekends": FLAG,
    "holidays": _of(or_null(place)),
    "send_window": _or_null(_made(_window, {"from": CLOCK, "to": CLOCK}, ("from", "to"))),
    "timezone": _of(one_of(ZoneOf)),
    "on_reply": _of(one_of(OnReply)),
    "remove_on_bounce": FLAG,
    "out_of_office": _of(one_of(OutOfOffice)),
    "late": _made(Late, LATE),
    "tracking": _made(Tracking, {"opens": FLAG, "clicks": FLAG}),
    "colleagues": _of(one_of(Colleagues)),
    "schedule": _of(or_null(title)),
}
OUTLINE: dict[str, Reader] = {
    "day": _of(whole),
    "type": _of(one_of(StepKind)),
    "send": _of(one_of(SendOption)),
    "at": CLOCK,
    "if_past": _of(one_of(IfPast)),
    "follow_up": FLAG,
    "skip_after": _of(or_null(days)),
}
CONTENT: dict[str, Reader] = {
    "name": _of(title),
    "subject": _of(title),
    "html": _of(text),
    "text": _of(text),
    "template": _of(title),
    "from_template": _of(title),
    "quote": _of(one_of(Quote)),
    "details": _of(text),
    "priority": _of(one_of(Priority)),
}
RENAMED = {"type": "kind", "skip_after": "skip_after_days"}
OF_EMAILS = ("subject", "html", "text", "template", "from_template", "quote", "if_past")
OF_TASKS = ("details", "priority")


def read_campaign(source: str) -> CampaignFile:
    """Raises Invalid: field names such as `steps.2.send`, words that begin with "line 12, column 11:"."""
    problems: Problems = {}
    root = parse(source)
    values = _fields(root, "", problems, FILE, ("format", "name", "steps"))
    if problems:
        raise Invalid(problems)
    del values["format"]
    return CampaignFile(**{"category": "General", "settings": FileSettings(), **values})


def _fields(
    node: Node, path: str, problems: Problems, fields: Mapping[str, Reader], needed: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The values of a mapping; what is wrong in it goes to `problems` and is left out."""
    if not isinstance(node.value, dict):
        _say(problems, path, node, f"Write a mapping with the keys {', '.join(fields)}.")
        return {}
    for name in needed:
        if name not in node.value:
            _say(problems, _join(path, name), node, f"“{name}” is missing.")
    values = {}
    for name, child in node.value.items():
        where = _join(path, name)
        if name not in fields:
            _say(problems, where, node.keys[name], f"“{name}” is unknown. Known are {', '.join(fields)}.")
            continue
        try:
            values[name] = fields[name](child, where, problems)
        except Wrong as wrong:
            _say(problems, where, child, str(wrong))
    return values


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _say(problems: Problems, path: str, node: Node, words: str) -> None:
    """The first problem of a place stands; those that only follow from it are left out."""
    if not any(known.startswith(f"{path}.") for known in problems):
        problems.setdefault(path, node.place(words))


def _format(node: Node, _path: str, _problems: Problems) -> str:
    if node.value != FORMAT:
        raise Wrong(f"This product reads {FORMAT}.")
    return FORMAT


def _steps(node: Node, path: str, problems: Problems) -> tuple[FileStep, ...]:
    if not isinstance(node.value, list) or not node.value:
        raise Wrong("Write a list with at least one step.")
    steps, nodes = [], node.value
    for index, child in enumerate(nodes):
        steps.append(_step(child, f"{path}.{index}", problems))
    outlines = numbered([outline for outline, _ in steps])
    for field, words in problems_of(outlines):
        _, position, name = field.split(".")
        _say(problems, field, _named(nodes[int(position)], name), words)
    return tuple(FileStep(outline, **content) for outline, (_, content) in zip(outlines, steps, strict=True))


def _named(step: Node, name: str) -> Node:
    """The value of a step's key where it is written, else the step."""
    return step.value.get(name, step) if isinstance(step.value, dict) else step


def _step(node: Node, path: str, problems: Problems) -> tuple[StepOutline, dict[str, Any]]:
    values = _fields(node, path, problems, {**OUTLINE, **CONTENT}, ("day", "type"))
    shape = {RENAMED.get(name, name): values[name] for name in OUTLINE if name in values}
    outline = StepOutline(**{"day": 1, "number": 1, "kind": StepKind.EMAIL, **shape})
    content = {name: values[name] for name in CONTENT if name in values}
    for name, words in _misplaced(outline, values):
        _say(problems, f"{path}.{name}", node.keys[name], words)
    return outline, content


def _misplaced(outline: StepOutline, values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Keys that have no meaning beside the others of their step."""
    refused: list[tuple[str, str]] = []
    if outline.kind != StepKind.EMAIL:
        refused += [(name, f"“{name}” belongs to e-mails.") for name in OF_EMAILS if name in values]
    if not outline.is_task:
        refused += [(name, f"“{name}” belongs to tasks.") for name in OF_TASKS if name in values]
    if "if_past" in values and outline.send not in (SendOption.AT, SendOption.SAME_AS_PREVIOUS):
        refused.append(("if_past", "“if_past” belongs to a time of day."))
    if "quote" in values and not outline.follow_up:
        refused.append(("quote", "“quote” belongs to a follow-up."))
    if "template" in values:
        own = ("subject", "html", "text", "from_template")
        refused += [(name, "Either template or content of its own.") for name in own if name in values]
    return refused


FILE: dict[str, Reader] = {
    "format": _format,
    "name": _of(title),
    "category": _of(title),
    "settings": _made(FileSettings, SETTINGS),
    "steps": _steps,
}
