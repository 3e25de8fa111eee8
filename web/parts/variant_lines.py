"""The variants of a step side by side: their figures, the verdict, and what can be decided."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sales_campaigns.campaigns.variants import running
from sales_campaigns.enrollments.explaining.figures import StepFigures
from sales_campaigns.enrollments.explaining.funnels import Funnel
from sales_campaigns.tracking.winner import Sample, Verdict, verdict_of

# What variants may be judged by: the figure, and what people did.
MEASURES = {"replied": "replies", "clicked": "clicks", "opened": "opens"}
NOTHING = Funnel()


@dataclass(frozen=True, slots=True)
class VariantLine:
    """`stopped`: nobody gets it any more. `alone`: it is the only one that is sent. `best`: the winner."""

    letter: str
    funnel: Funnel
    stopped: bool
    alone: bool
    best: bool


@dataclass(frozen=True, slots=True)
class VariedStep:
    """One step with several contents."""

    figures: StepFigures
    lines: tuple[VariantLine, ...]
    verdict: Verdict | None


def varied_steps(steps: Iterable[StepFigures], measure: str) -> list[VariedStep]:
    """The steps that are varied, or were when somebody got their mail. `measure` is a name of MEASURES."""
    return [_varied(one, measure) for one in steps if one.variants or (one.step and one.step.variants)]


def _varied(figures: StepFigures, measure: str) -> VariedStep:
    known = {one.key: one for one in (figures.step.variants if figures.step else ())}
    sent = [one.key for one in running(known.values())]
    verdict = verdict_of({key: _sample(figures.variants.get(key, NOTHING), measure) for key in sent})
    winner = verdict.winner if verdict else ""
    lines = tuple(
        VariantLine(
            letter,
            figures.variants.get(letter, NOTHING),
            stopped=letter not in sent,
            alone=sent == [letter],
            best=letter == winner,
        )
        for letter in sorted({*figures.variants, *known})
    )
    return VariedStep(figures, lines, verdict)


def _sample(funnel: Funnel, measure: str) -> Sample:
    return Sample(funnel.delivered, min(getattr(funnel, measure), funnel.delivered))
