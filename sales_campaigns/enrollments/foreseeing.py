"""Simulate a stored campaign for people of the team, from the actor's mailbox, beside all that is planned already.

The page, the command and other programs ask the same; nothing is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.accounts.ramps import ramp_of
from sales_campaigns.accounts.roles import require
from sales_campaigns.calendars.leave import shifts_of
from sales_campaigns.calendars.schedules import team_calendar
from sales_campaigns.campaigns.beside_the_file import varied_of
from sales_campaigns.campaigns.filing import export_campaign
from sales_campaigns.campaigns.listing import campaign_of
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.campaigns.planner import StepKind
from sales_campaigns.campaigns.planner.local_time import refuse_unknown_zone
from sales_campaigns.campaigns.simulating import Wish, foresee
from sales_campaigns.campaigns.simulation import Simulation
from sales_campaigns.campaigns.versions import newest
from sales_campaigns.deliveries.typology.models import RuleKind, RuleScope
from sales_campaigns.deliveries.typology.rules import in_force
from sales_campaigns.enrollments.launches.checking import MOST, check_people
from sales_campaigns.enrollments.launches.choosing import members
from sales_campaigns.enrollments.load_ahead import mails_ahead, tasks_ahead
from sales_campaigns.errors import Invalid
from sales_campaigns.people.models import Person
from sales_campaigns.tasks.capacity import Capacity, capacity_of
from sales_campaigns.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Question:
    """What is to be foreseen: for these people, for those of a group, or for a `number` of people not named yet.

    `start` and `send_at` are naive wall-clock times in `zone`, the sender's. `limit` None is the mailbox's own.
    """

    start: datetime
    zone: str
    person_ids: Sequence[int] = ()
    group_id: int | None = None
    number: int = 0
    send_at: datetime | None = None
    task_delay_days: int = 0
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class DayAhead:
    """One local date of the sender. `others` and `open` are there already; `waiting` are tasks beyond the capacity."""

    date: date
    mails: int
    others: int
    tasks: Mapping[StepKind, int]
    open: int
    waiting: int = 0

    @property
    def new_tasks(self) -> int:
        return sum(self.tasks.values())


@dataclass(frozen=True)
class Foreseen:
    """`causes` counts the excluded; `limit` is what the mailbox sends a day, `capacity` what its rep does.

    `mails_behind` and `tasks_behind` are days: how long the mail waits that waits longest for its place, and how long
    the rep needs for the tasks that have gathered at the worst moment. `not_counted` are the names of the team's rules
    that may put a mail off further.
    """

    campaign: Campaign
    simulation: Simulation
    causes: Mapping[str, int]
    days: Sequence[DayAhead]
    mailbox: Mailbox | None
    limit: int | None
    capacity: Capacity
    mails_behind: int
    tasks_behind: int
    not_counted: Sequence[str] = ()

    @property
    def busiest(self) -> DayAhead | None:
        """The day on which most tasks wait for the rep."""
        return max(self.days, key=lambda day: (day.new_tasks + day.open, -day.date.toordinal()), default=None)


def foresee_campaign(uow: UnitOfWork, actor: User, campaign_id: int, question: Question) -> Foreseen:
    """What adding these people to the newest version would bring. Raises NotFound, NotAllowed, Invalid by field."""
    require(actor, "launch")
    campaign = campaign_of(uow.session, actor, campaign_id)
    mailbox = uow.session.scalar(sa.select(Mailbox).where(Mailbox.user_id == actor.id).order_by(Mailbox.id))
    limit = question.limit or (mailbox.daily_limit if mailbox else None)
    refuse_unknown_zone(question.zone)
    people, causes = _people(uow, actor, campaign, mailbox, question)
    others = mails_ahead(uow.session, mailbox, question.zone, uow.now) if mailbox else Counter[date]()
    wish = Wish(
        export_campaign(uow.session, campaign),
        question.start,
        question.zone,
        question.send_at,
        question.task_delay_days,
        limit,
        others + _held_back(mailbox, limit),
        shifts_of(uow.session, actor),
        team_calendar(uow.session, campaign.team_id),
        varied=varied_of(uow.session, campaign),
    )
    simulation = foresee(wish, people)
    open_tasks = tasks_ahead(uow.session, actor, question.zone, uow.now)
    capacity = capacity_of(uow.session, actor, uow.now)
    days = list(_waiting(_days(simulation, others, open_tasks), capacity.a_day))
    most = max((day.waiting for day in days), default=0)
    return Foreseen(
        campaign=campaign,
        simulation=simulation,
        causes=causes + Counter(one["cause"] for one in simulation.excluded),
        days=days,
        mailbox=mailbox,
        limit=limit,
        capacity=capacity,
        mails_behind=simulation.days_behind(),
        tasks_behind=-(-most // capacity.a_day) if capacity.a_day else 0,
        not_counted=_rules_of_pressure(uow.session, campaign),
    )


def _rules_of_pressure(session: Session, campaign: Campaign) -> Sequence[str]:
    """How often somebody is written to depends on all mail to come, which nobody knows before it is planned."""
    rules = in_force(session, campaign.team_id, campaign.name, RuleScope.STEPS, RuleKind.PRESSURE)
    return [rule.name for rule in rules]


def _held_back(mailbox: Mailbox | None, limit: int | None) -> Counter[date]:
    """The places of the limit that a mailbox on its ramp cannot give yet, by date."""
    ramp = ramp_of(mailbox) if mailbox is not None else None
    if ramp is None or limit is None:
        return Counter()
    days = (ramp.begins + timedelta(days=n) for n in range((ramp.ends - ramp.begins).days))
    return Counter({day: limit - ramp.within(limit, day) for day in days})


def _people(
    uow: UnitOfWork, actor: User, campaign: Campaign, mailbox: Mailbox | None, question: Question
) -> tuple[Iterator[Mapping[str, str]], Counter[str]]:
    """Those who would start, and why the others would not."""
    ids = question.person_ids
    if question.group_id is not None:
        ids = members(uow.session, actor, campaign, question.group_id)
    if not 0 <= max(question.number, len(ids)) <= MOST:
        raise Invalid(
            {"number": f"At most {MOST:,} people are added at once. Simulate more from the command line."}
        )
    if not ids:
        return _unnamed(question.number), Counter()
    checked = check_people(uow.session, actor, campaign, newest(uow.session, campaign), ids, mailbox)
    return _named(checked.to_deliver), Counter(checked.causes)


def _unnamed(number: int) -> Iterator[dict[str, str]]:
    return ({"email": f"person-{n:05}@example.com"} for n in range(1, number + 1))


def _named(people: Sequence[Person]) -> Iterator[dict[str, str]]:
    return (
        {
            "email": person.email,
            "time_zone": person.zone,
            "phone": person.phone,
            "linkedin_url": person.linkedin_url,
        }
        for person in people
    )


def _days(
    simulation: Simulation, others: Mapping[date, int], open_tasks: Mapping[date, int]
) -> Iterator[DayAhead]:
    """Every day from the first to the last on which something of the simulation happens."""
    found = simulation.by_day()
    if not found:
        return
    first, last = min(found), max(found)
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        counts = found.get(day, Counter())
        tasks = {kind: number for kind, number in counts.items() if kind is not None}
        before = (
            sum(number for at, number in open_tasks.items() if at <= day)
            if n == 0
            else open_tasks.get(day, 0)
        )
        yield DayAhead(day, counts[None], others.get(day, 0), tasks, before)


def _waiting(days: Iterator[DayAhead], a_day: int | None) -> Iterator[DayAhead]:
    """What is left at the end of each day by a rep who does `a_day` from Monday to Friday."""
    waiting = 0
    for day in days:
        done = a_day if a_day and day.date.weekday() < 5 else 0
        waiting = max(0, waiting + day.new_tasks + day.open - done) if a_day else 0
        yield replace(day, waiting=waiting)
