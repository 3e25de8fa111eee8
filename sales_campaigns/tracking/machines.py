"""Who asked: a person, or a program that asks for everything. Rules as a table; the first that fits is the reason.

The rule: machine opens and clicks are stored with a reason and left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

TOO_SOON = 5.0  # seconds after it left, in which nobody has read a mail
AT_ONCE = 1.0  # seconds in which nobody follows several links
SEVERAL = "several links at once"
OWN = "own view"

# The proxies of Gmail and Yahoo fetch an image when somebody looks at the mail: they stand for people.
_FOR_PEOPLE = re.compile(r"GoogleImageProxy|YahooMailProxy", re.IGNORECASE)
_SCANNER = re.compile(
    r"barracuda|mimecast|proofpoint|safelinks|symantec|messagelabs|trendmicro|fireeye|cisco|forcepoint|sophos"
    r"|zscaler|checkpoint|ironport|cloudmark|virustotal|urlscan|defender|bitdefender|kaspersky",
    re.IGNORECASE,
)
_PROGRAM = re.compile(
    r"bot\b|bot[/;-]|crawl|spider|slurp|preview|facebookexternalhit|whatsapp|slack|headless|phantomjs|curl|wget"
    r"|python|java/|okhttp|go-http|libwww|httpclient|aiohttp|node-fetch|axios|ruby|perl",
    re.IGNORECASE,
)
# Mail Privacy Protection asks with this and nothing after it, whether anybody reads the mail or not.
_PRIVACY = re.compile(r"Mozilla/5\.0")


@dataclass(frozen=True, slots=True)
class Hit:
    """One request. `agent` and `purpose` are its headers; `after` the seconds since the mail left, None when unknown.

    `own`: whoever asks is signed in with us.
    """

    method: str
    agent: str
    purpose: str = ""
    after: float | None = None
    own: bool = False


REASONS: Sequence[tuple[str, Callable[[Hit], object]]] = (
    (OWN, lambda hit: hit.own),
    ("only asked", lambda hit: hit.method != "GET"),
    ("prefetch", lambda hit: re.search(r"prefetch|preview|prerender", hit.purpose, re.IGNORECASE)),
    ("scanner", lambda hit: _SCANNER.search(hit.agent)),
    ("program", lambda hit: not hit.agent.strip() or _named_program(hit.agent)),
    ("mail privacy", lambda hit: _PRIVACY.fullmatch(hit.agent.strip())),
    ("too soon", lambda hit: hit.after is not None and hit.after < TOO_SOON),
)


def machine_reason(hit: Hit) -> str:
    """Why this is no person; "" for a person."""
    return next((reason for reason, fits in REASONS if fits(hit)), "")


def _named_program(agent: str) -> bool:
    return not _FOR_PEOPLE.search(agent) and _PROGRAM.search(agent) is not None
