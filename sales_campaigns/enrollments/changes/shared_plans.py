"""Plans of many people at once: those with the same start and the same past share one, worked out once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sales_campaigns.calendars.team_calendar import TeamCalendar
from sales_campaigns.campaigns.models import CampaignVersion
from sales_campaigns.campaigns.planner import Assumptions, Outcome, Outline, Over, Planned, Start, plan, slip
from sales_campaigns.campaigns.planner.local_time import wall_clock
from sales_campaigns.enrollments.ways import Way

Facts = Mapping[int, Over]


@dataclass(slots=True)
class SharedPlans:
    """Plans as things stand at `now`; what is still open is never assumed to have ended before."""

    now: datetime
    outlines: dict[tuple[CampaignVersion, TeamCalendar], Outline] = field(default_factory=dict)
    plans: dict[tuple[object, ...], tuple[Planned, ...]] = field(default_factory=dict)
    slips: dict[tuple[object, ...], int] = field(default_factory=dict)
    words: dict[tuple[int, int | None], frozenset[str]] = field(default_factory=dict)

    def outline(self, way: Way) -> Outline:
        key = way.version, way.absence.own
        if key not in self.outlines:
            self.outlines[key] = way.outline
        return self.outlines[key]

    def same_words(self, former: CampaignVersion, version: CampaignVersion) -> frozenset[str]:
        """The keys of the steps that say the same in both, and follow the same step."""
        key = former.id, version.id
        if key not in self.words:
            before, after = _said(former), _said(version)
            self.words[key] = frozenset(name for name in after if after[name] == before.get(name))
        return self.words[key]

    def of(self, way: Way, start: Start, over: Facts, put_off: Mapping[int, date]) -> tuple[Planned, ...]:
        """Every step that is not over, in step order."""
        outline, reachable = self.outline(way), bool(way.enrollment.email)
        facts = _alike(outline, start.zone, over)
        key = (id(outline), reachable, *_key(start), *facts.items(), *put_off.items())
        if key not in self.plans:
            assume = Assumptions(now=self.now, reachable=reachable)
            self.plans[key] = plan(outline, start, facts, assume, put_off)
        return self.plans[key]

    def slip(self, way: Way, start: Start, over: Facts) -> int:
        """By how many counted days the days after the last ended step have slipped so far."""
        outline = self.outline(way)
        facts = _alike(outline, start.zone, over)
        key = (id(outline), *_key(start), *facts.items())
        if key not in self.slips:
            self.slips[key] = slip(outline, start, facts)
        return self.slips[key]


def _said(version: CampaignVersion) -> dict[str, tuple[object, ...]]:
    keys = ["", *(step.key for step in version.steps)]
    return {
        step.key: (
            step.wording_id,
            tuple((one.key, one.weight, one.wording_id, one.stopped) for one in step.variants),
            step.cc,
            step.bcc,
            step.name,
            step.details,
            step.priority,
            step.follow_up and (keys[n], step.quote),
        )
        for n, step in enumerate(version.steps)
    }


def _key(start: Start) -> tuple[object, ...]:
    first = start.first, start.first_day, start.first_at
    return (
        start.launched_at,
        start.zone,
        *start.send_at.items(),
        start.resumed_at,
        start.slipped,
        start.away,
        first,
    )


def _alike(outline: Outline, zone: str, over: Facts) -> dict[int, Over]:
    """The rule: an automatic mail is over when due if accepted that date. So the second of its hand-over is nothing."""
    return {
        index: one if outline.steps[index].is_task else _on_time(one, zone) for index, one in over.items()
    }


def _on_time(over: Over, zone: str) -> Over:
    accepted = over.sent_at or over.over_at
    same_date = wall_clock(over.due_at, zone).date() == wall_clock(accepted, zone).date()
    if over.outcome is not Outcome.SENT or not same_date:
        return over
    return replace(over, over_at=over.due_at, sent_at=over.due_at)
