"""The script of a rehearsal: which recipients do what with which mail, read from YAML. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fnmatch import fnmatchcase

from sales_campaigns.campaigns.file.nodes import Node, parse
from sales_campaigns.campaigns.file.values import DURATION, Wrong, duration, text
from sales_campaigns.errors import Invalid
from sales_campaigns.ports import Act, Deed, Script

FORMAT = "sales-rehearsal/1"
A_MINUTE = timedelta(minutes=1)
EVENT = re.compile(
    r"(?P<deed>soft then fine|[a-z_]+)(?: after (?P<after>\S+))?"
    r"(?: until (?P<until>\S+)| for (?P<away>\S+))?(?: (?P<text>.+))?",
    re.DOTALL,
)
WRITE = frozenset({Deed.REPLY, Deed.OUT_OF_OFFICE, Deed.UNSUBSCRIBE})
AT_THE_DOOR = frozenset({Deed.HARD, Deed.SOFT, Deed.SOFT_THEN_FINE})
SHARE = re.compile(r"1/([1-9]\d?)")
ALL_MAILS = 0


@dataclass(frozen=True, slots=True)
class Part:
    """What some recipients do: those whose address fits `who`, every `share`-th of them, with mail number `mail`."""

    who: str
    acts: tuple[Act, ...]
    mail: int = ALL_MAILS
    share: int = 1


def read_script(source: str) -> tuple[Part, ...]:
    """Raises Invalid with the line and column of everything that is wrong."""
    problems: dict[str, str] = {}
    root = _mapping(parse(source), "", {"format", "recipients"}, problems)
    if root.get("format", Node(None, 1, 1)).value != FORMAT:
        _say(problems, "format", root.get("format", Node(None, 1, 1)), f"Write format: {FORMAT}.")
    listed = root.get("recipients")
    if listed is None or not isinstance(listed.value, list):
        _say(problems, "recipients", listed or Node(None, 1, 1), "Write a list of recipients.")
        raise Invalid(problems)
    parts = [_part(node, f"recipients.{index}", problems) for index, node in enumerate(listed.value)]
    if problems:
        raise Invalid(problems)
    return tuple(part for part in parts if part is not None)


def acted_by(parts: Sequence[Part], addresses: Iterable[str]) -> Script:
    """The script as these addresses play it. The first part that fits an address and a mail counts."""
    everybody = sorted({address.lower() for address in addresses})
    players = [_players(part, everybody) for part in parts]

    def script(address: str, number: int) -> Sequence[Act]:
        for part, playing in zip(parts, players, strict=True):
            if part.mail in (ALL_MAILS, number) and address in playing:
                return part.acts
        return ()

    return script


def _players(part: Part, addresses: Sequence[str]) -> frozenset[str]:
    fitting = [address for address in addresses if fnmatchcase(address, part.who.lower())]
    return frozenset(fitting[:: part.share])


def _part(node: Node, path: str, problems: dict[str, str]) -> Part | None:
    before = len(problems)
    fields = _mapping(node, path, {"who", "share", "mail", "does"}, problems)
    for name in ("who", "does"):
        if name not in fields and len(problems) == before:
            _say(problems, f"{path}.{name}", node, f"“{name}” is missing.")
    read: Mapping[str, Callable[[Node], object]] = {
        "who": _who,
        "share": _share,
        "mail": _mail,
        "does": _acts,
    }
    values = {}
    for name, child in fields.items():
        try:
            values[name] = read[name](child)
        except Wrong as wrong:
            _say(problems, f"{path}.{name}", child, str(wrong))
        except Invalid as invalid:
            problems.update({f"{path}.{name}": words for words in invalid.problems.values()})
    if len(problems) > before:
        return None
    values["acts"] = values.pop("does")
    return Part(**values)  # type: ignore[arg-type]


def _mapping(node: Node, path: str, known: set[str], problems: dict[str, str]) -> dict[str, Node]:
    names = ", ".join(sorted(known))
    if not isinstance(node.value, dict):
        _say(problems, path, node, f"Write a mapping with the keys {names}.")
        return {}
    for name in node.value.keys() - known:
        where = f"{path}.{name}" if path else name
        _say(problems, where, node.keys[name], f"“{name}” is unknown. Known are {names}.")
    return {name: child for name, child in node.value.items() if name in known}


def _say(problems: dict[str, str], path: str, node: Node, words: str) -> None:
    problems.setdefault(path, node.place(words))


def _who(node: Node) -> str:
    written = text(node).strip()
    if not written:
        raise Wrong('Write an address, or a pattern such as "*@example.com".')
    return written


def _share(node: Node) -> int:
    found = SHARE.fullmatch(text(node))
    if found is None:
        raise Wrong('Write a share such as "1/3".')
    return int(found[1])


def _mail(node: Node) -> int:
    if node.value == "every":
        return ALL_MAILS
    if isinstance(node.value, bool) or not isinstance(node.value, int) or not 1 <= node.value <= 1000:
        raise Wrong("Write which mail: 1 for the first, 2 for the second, or every.")
    return node.value


def _acts(node: Node) -> tuple[Act, ...]:
    """The rule: each event happens so long after the one before it, the first after the mail was taken."""
    if not isinstance(node.value, list):
        raise Wrong("Write a list of events.")
    acts: list[Act] = []
    at = timedelta()
    for child in node.value:
        try:
            act, waits = _act(child)
        except Wrong as wrong:
            raise child.refuse(str(wrong)) from None
        at = at + waits
        acts.append(Act(act.deed, at if waits else timedelta(), act.text, act.until))
    return tuple(acts)


def _act(node: Node) -> tuple[Act, timedelta]:
    found = EVENT.fullmatch(text(node).strip())
    if found is None or found["deed"] not in list(Deed):
        raise Wrong(f"Write one of: {', '.join(Deed)}; with “after 2h” where it takes time.")
    deed = Deed(found["deed"])
    if found["text"] and deed not in WRITE:
        raise Wrong(f"“{found['text']}” says nothing to {deed}.")
    if (found["until"] or found["away"]) and deed is not Deed.OUT_OF_OFFICE:
        raise Wrong("“until” and “for” belong to out_of_office.")
    waits = _length(found["after"], node) if found["after"] else timedelta()
    if not waits and deed not in AT_THE_DOOR:
        waits = A_MINUTE
    away = _length(found["away"], node) if found["away"] else _day(found["until"])
    return Act(deed, text=found["text"] or "", until=away), waits


def _length(written: str, node: Node) -> timedelta:
    if DURATION.fullmatch(written) is None:
        raise Wrong("Write how long, such as 30m, 4h or 2d.")
    return duration(Node(written, node.line, node.column))


def _day(written: str | None) -> date | None:
    try:
        return date.fromisoformat(written) if written else None
    except ValueError:
        raise Wrong("Write the last day away as 2026-12-07.") from None
