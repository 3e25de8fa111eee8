"""What comes of a call, and why: the lists that a team begins with, and the limit of each."""

from __future__ import annotations

from dataclasses import dataclass

LIMIT = 15  # the rule: call outcome and reason, configurable, 15 each
POSITIVE, NEUTRAL, NEGATIVE = "positive", "neutral", "negative"


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of a list. `reached`: somebody was spoken to; `tone`: positive, neutral or negative."""

    name: str
    reached: bool = False
    tone: str = NEUTRAL


OUTCOMES = (
    Choice("Reached: meeting booked", reached=True, tone=POSITIVE),
    Choice("Reached: interested", reached=True, tone=POSITIVE),
    Choice("Reached: wants material", reached=True, tone=POSITIVE),
    Choice("Reached: call again", reached=True),
    Choice("Reached: not now", reached=True),
    Choice("Reached: referred to somebody else", reached=True),
    Choice("Reached: not interested", reached=True, tone=NEGATIVE),
    Choice("Reached: asked not to be called", reached=True, tone=NEGATIVE),
    Choice("Gatekeeper"),
    Choice("Left a message"),
    Choice("No answer"),
    Choice("Busy"),
    Choice("Wrong number", tone=NEGATIVE),
    Choice("Number not in service", tone=NEGATIVE),
    Choice("No longer at the company", tone=NEGATIVE),
)
REASONS = tuple(
    Choice(name)
    for name in (
        "First contact",
        "Follow-up",
        "Qualification",
        "Demo",
        "Proposal",
        "Price",
        "Contract",
        "Renewal",
        "Upsell",
        "Event",
        "Inbound request",
        "Check-in",
        "Support",
        "Win back",
        "Other",
    )
)


def problems_of(choices: list[Choice]) -> dict[str, str]:
    """What is wrong with a list, by line ("3"); "" for the list as a whole."""
    problems = {}
    seen: set[str] = set()
    for place, choice in enumerate(choices):
        name = choice.name.casefold()
        if len(choice.name) > 80:
            problems[str(place)] = "Use 80 characters or fewer."
        elif name in seen:
            problems[str(place)] = "This stands in the list already."
        seen.add(name)
    if not choices:
        problems[""] = "Keep at least one line."
    elif len(choices) > LIMIT:
        problems[""] = f"Keep {LIMIT} lines or fewer."
    return problems
