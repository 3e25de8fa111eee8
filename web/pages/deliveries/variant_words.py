"""How the A/B test of a delivery is spoken of on pages: its plan, how it stands, and its variants side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.deliveries.figures import percent
from sales_campaigns.deliveries.models import Delivery, DeliverySetup
from sales_campaigns.deliveries.states import GOES_ON
from sales_campaigns.deliveries.variants.figures import VariantFigures, rest_of, variant_figures
from sales_campaigns.deliveries.variants.models import AbTest, AbTestState
from sales_campaigns.deliveries.variants.plan import CHOOSERS, MEASURES, tried_part
from sales_campaigns.deliveries.variants.reading import ab_test_of, contents_of, plan_of
from sales_campaigns.deliveries.variants.states import UNDECIDED
from web.filters import count_words, when_words

LABELS = {AbTestState.RUNNING: "info", AbTestState.WAITING: "hot", AbTestState.DECIDED: "ok"}
STATES = {
    AbTestState.PLANNED: "Planned",
    AbTestState.RUNNING: "Being tried",
    AbTestState.WAITING: "Choose the winner",
    AbTestState.DECIDED: "Decided",
    AbTestState.LAPSED: "No winner",
}
# A column of the table: its heading, the figure, and what it is a share of.
COLUMNS = (
    ("People", "people", ""),
    ("Sent", "handed", ""),
    ("Delivered", "delivered", "handed"),
    ("Opens", "opened", "delivered"),
    ("Clicks", "clicked", "delivered"),
    ("Replies", "replied", "delivered"),
    ("Unsubscribed", "opted_out", "delivered"),
    ("Bounces + errors", "failed", "handed"),
)


@dataclass(frozen=True, slots=True)
class VariantLine:
    """`leads`: nobody has a higher share of what is judged. `won`: the rest gets it."""

    letter: str
    subject: str
    cells: tuple[tuple[str, str, bool], ...]  # (number, share, whether it is what is judged)
    leads: bool
    won: bool


def ab_context(session: Session, user: User, delivery: Delivery, people: int) -> dict[str, Any]:
    """For the dashboard and for the page of the test. `people` are those to deliver, once it is prepared."""
    setup, test = session.get(DeliverySetup, delivery.id), ab_test_of(session, delivery.id)
    if setup is None or test is None:
        return {"ab_test": None}
    figures = variant_figures(session, test)
    subjects = {letter: content.subject for letter, content in contents_of(session, setup).items()}
    return {
        "ab_test": test,
        "ab_label": (STATES[test.state], LABELS.get(test.state, "")),
        "ab_plan": plan_words(test, people),
        "ab_says": _standing(session, test, user.zone),
        "ab_columns": COLUMNS,
        "ab_lines": [_line(test, letter, words, figures) for letter, words in subjects.items()],
        "ab_rest": rest_of(session, delivery.id),
        "ab_open": test.state in UNDECIDED and delivery.state in GOES_ON,
    }


def plan_words(test: AbTest, people: int) -> str:
    """20 % (240 people) try the variants for 24 hours, judged by opens. A person chooses."""
    part = f" ({count_words(tried_part(test.share, people), 'person', 'people')})" if people else ""
    sooner = f" or until {test.floor:,} did with one of them" if test.floor else ""
    tried = f"{test.share} %{part} try the variants for {count_words(test.hours, 'hour')}{sooner}"
    return f"{tried}, judged by {MEASURES[test.measure]}. {CHOOSERS[test.chooser]}."


def _standing(session: Session, test: AbTest, zone: str) -> str:
    if test.state is AbTestState.RUNNING:
        if test.left_at is None:
            return "Its mails are leaving; the time counts from the last of them."
        return f"It is over on {when_words(test.left_at + plan_of(test).lasts, zone)} at the latest."
    if test.state is AbTestState.DECIDED and test.decided_at:
        by = session.get(User, test.decided_by) if test.decided_by else None
        who = f"{by.name} chose variant {test.winner}" if by else f"Variant {test.winner} won by itself"
        return f"{who} on {when_words(test.decided_at, zone)}. {test.words}".rstrip()
    if test.state is AbTestState.LAPSED:
        return "The delivery ended before a winner was chosen: the rest got no mail."
    return test.words


def _line(test: AbTest, letter: str, subject: str, figures: dict[str, VariantFigures]) -> VariantLine:
    rates = {name: one.sample(test.measure).rate for name, one in figures.items()}
    most = max(rates.values(), default=0.0)
    leads = most > 0 and [name for name, rate in rates.items() if rate == most] == [letter]
    mine = figures.get(letter, VariantFigures())
    cells = tuple(
        (
            f"{getattr(mine, name):,}",
            percent(getattr(mine, name), getattr(mine, of)) if of else "",
            name == test.measure.value,
        )
        for _, name, of in COLUMNS
    )
    return VariantLine(letter, subject, cells, leads, test.winner == letter)
