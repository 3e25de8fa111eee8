"""Before anybody is added: the calendar of a campaign; and afterwards: what became of it, step by step."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field, NaiveDatetime

from sales_campaigns.campaigns.listing import campaign_of
from sales_campaigns.enrollments.explaining.behind_tasks import behind_tasks
from sales_campaigns.enrollments.explaining.figures import StepFigures, figures_of
from sales_campaigns.enrollments.explaining.funnels import Funnel
from sales_campaigns.enrollments.foreseeing import Question, foresee_campaign
from web.api.protocol.operations import Area
from web.api.protocol.shapes import FIRST_YEAR, LAST_YEAR, Asked, Id, Line, Shown
from web.request_scope import me, work

api = Area("campaigns", "")
MOST_PEOPLE = 1_000


def _in_reach(wall: datetime) -> datetime:
    if not FIRST_YEAR <= wall.year < LAST_YEAR:
        raise ValueError(f"lies between {FIRST_YEAR} and {LAST_YEAR}")
    return wall.replace(microsecond=0)


Wall = Annotated[NaiveDatetime, AfterValidator(_in_reach)]


class SimulationAsked(Asked):
    """For these people, for a group, or for a `number` of people like yours."""

    start: Wall = Field(description="A local time of `zone`, without an offset.")
    zone: Line = Field("", description="Yours where none is given.")
    people: list[Id] = Field(default_factory=list, max_length=MOST_PEOPLE)
    group_id: Id | None = None
    number: int = Field(0, ge=0, le=MOST_PEOPLE)
    send_at: Wall | None = None
    task_delay_days: int = Field(0, ge=0, le=365)
    limit: int | None = Field(None, ge=1, le=100_000, description="Mails of the mailbox a day.")


class DayAheadShown(Shown):
    date: date
    mails: int
    others: int = Field(description="What the mailbox sends besides.")
    tasks: int
    open: int
    waiting: int


class SimulationShown(Shown):
    campaign: str
    targeted: int
    to_deliver: int
    limit: int | None
    mails_behind: int
    tasks_behind: int
    causes: dict[str, int] = Field(description="Why people would be excluded.")
    not_counted: list[str] = Field(description="Rules of pressure that may put mails off further.")
    days: list[DayAheadShown]
    entries: list[dict[str, Any]] = Field(
        description="Every mail and task, in the words of the campaign file."
    )


class FunnelShown(Shown):
    reached: int
    waiting: int
    sent: int
    done: int
    skipped: int
    failed: int
    opened: int
    clicked: int
    replied: int


class StepFiguresShown(Shown):
    key: str | None
    title: str
    funnel: FunnelShown


class BehindShown(Shown):
    user_id: int
    user: str
    people: int


class ReportShown(Shown):
    people: dict[str, int] = Field(description="By state.")
    ends: dict[str, int] = Field(description="Why it ended.")
    steps: list[StepFiguresShown]
    behind: list[BehindShown] = Field(description="People who wait behind an open task, by who has it.")


@api.post("/campaigns/<int:campaign_id>/simulate", example={"start": "2026-12-01T09:00:00", "number": 5})
def simulate_campaign(campaign_id: int, body: SimulationAsked) -> SimulationShown:
    """The whole calendar of every mail and task for these people. Nothing is changed."""
    question = Question(
        start=body.start,
        zone=body.zone or me().zone,
        person_ids=body.people,
        group_id=body.group_id,
        number=body.number or (0 if body.people or body.group_id else 1),
        send_at=body.send_at,
        task_delay_days=body.task_delay_days,
        limit=body.limit,
    )
    found = foresee_campaign(work(), me(), campaign_id, question)
    simulation = found.simulation
    return SimulationShown(
        campaign=found.campaign.name,
        targeted=simulation.targeted,
        to_deliver=simulation.to_deliver,
        limit=found.limit,
        mails_behind=found.mails_behind,
        tasks_behind=found.tasks_behind,
        causes=dict(found.causes),
        not_counted=list(found.not_counted),
        days=[
            DayAheadShown(
                date=day.date,
                mails=day.mails,
                others=day.others,
                tasks=sum(day.tasks.values()),
                open=day.open,
                waiting=day.waiting,
            )
            for day in found.days
        ],
        entries=list(simulation.entries()),
    )


@api.get("/campaigns/<int:campaign_id>/report")
def get_campaign_report(campaign_id: int) -> ReportShown:
    """The funnel: how many people reached each step, and what became of it there."""
    campaign = campaign_of(work().session, me(), campaign_id)
    found = figures_of(work().session, campaign)
    return ReportShown(
        people={state.value: number for state, number in found.people.items()},
        ends=dict(found.ends),
        steps=list(map(_step, found.steps)),
        behind=[BehindShown.model_validate(one) for one in behind_tasks(work().session, campaign)],
    )


def _step(one: StepFigures) -> StepFiguresShown:
    return StepFiguresShown(
        key=one.step.key if one.step else None, title=one.title, funnel=_funnel(one.funnel)
    )


def _funnel(funnel: Funnel) -> FunnelShown:
    return FunnelShown.model_validate(funnel)
