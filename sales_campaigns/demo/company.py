"""The demo company: reps, people in several zones, three campaigns, and a week of history that really happened."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, time, timedelta
from itertools import cycle, islice
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from sales_campaigns.accounts.models import Instance, Mailbox, Role, User
from sales_campaigns.accounts.users import add_user
from sales_campaigns.campaigns.file import read_campaign
from sales_campaigns.campaigns.filing import import_campaign
from sales_campaigns.campaigns.models import Campaign, CampaignVersion
from sales_campaigns.clock import Clock
from sales_campaigns.content.models import Wording
from sales_campaigns.content.snippets import SnippetDraft, create_snippet
from sales_campaigns.content.templates import TemplateDraft, create_template
from sales_campaigns.content.wordings import content_of
from sales_campaigns.database import Sessions
from sales_campaigns.demo.answers import hear
from sales_campaigns.demo.bulk import prepare_catalogue, send_opening_hours
from sales_campaigns.demo.words import CAMPAIGNS, COMPANIES, FIRST_NAMES, LAST_NAMES, SNIPPETS, TITLES, ZONES
from sales_campaigns.enrollments.composing import open_composer, send_for_task
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.progress import complete_task
from sales_campaigns.messages.outbox.composing import Typed
from sales_campaigns.people.models import Address, Group, GroupMember, Person
from sales_campaigns.tasks.models import Task, TaskKind, TaskState
from sales_campaigns.unit_of_work import UnitOfWork, unit_of_work

DOMAIN = "nordlys.example"
PEOPLE = 200
HISTORY = timedelta(days=7)
BULK_DAY = 3
LEFT = 2  # tasks of a kind that nobody does
OUTCOMES = ("Reached: interested", "No answer", "Left a message", "Reached: call again")
LetPass = Callable[[datetime], None]


def is_loaded(sessions: Sessions) -> bool:
    with sessions() as session:
        return session.scalar(sa.select(User.id).where(User.email == f"ana@{DOMAIN}")) is not None


def found_company(uow: UnitOfWork, port: int) -> None:
    """Users, mailboxes at the mail catcher's `port`, people, groups and campaigns; nothing is launched yet."""
    ana, ben, _cleo, dirk = _users(uow)
    for user in (ana, ben, dirk):
        uow.session.add(_mailbox(user, port))
    people = list(_people(uow, ana, ben, dirk))
    _group(uow, ana, "CFOs", [p for p in people if p.owner_id == ana.id and p.title == "CFO"])
    _group(uow, ana, "Autumn fair", [p for p in people if p.owner_id == ana.id][:60])
    _group(uow, ben, "Logistics", [p for p in people if p.owner_id == ben.id][:60])
    for words in CAMPAIGNS:
        _template(uow, ana, import_campaign(uow, ana, read_campaign(words)).version)
    for name, html in SNIPPETS:
        create_snippet(uow, ana, SnippetDraft(name, html))


def begins(now: datetime) -> datetime:
    """The early morning a week before `now`: every working day of the history is a whole one."""
    return _at(now - HISTORY, time(6, 0))


def live_through(sessions: Sessions, clock: Clock, until: datetime, let_pass: LetPass) -> None:
    """A week of work: launches, mails that leave, tasks most of which are done. `let_pass` moves the clock."""
    start = clock.now()
    launches = {
        0: ("ana", "Autumn price list", 0, 40),
        1: ("ben", "Autumn price list", 0, 25),
        2: ("ana", "Meet at the fair", 40, 30),
        4: ("ben", "Renewals", 30, 20),
    }
    for day in range(HISTORY.days):
        morning = _at(start + timedelta(days=day), time(9, 30))
        let_pass(max(morning, clock.now()))
        if day in launches:
            _launch(sessions, clock, *launches[day])
        if day == BULK_DAY:
            send_opening_hours(sessions, clock, let_pass)
        let_pass(max(_at(morning, time(15, 0)), clock.now()))
        hear(sessions, clock)
        let_pass(clock.now())
        _do_tasks(sessions, clock, day)
    this_morning = _at(start + HISTORY, time(8, 0))
    if clock.now() < this_morning < until:
        let_pass(this_morning)
        _launch(sessions, clock, "ana", "Renewals", 70, 5)
    let_pass(until)
    prepare_catalogue(sessions, clock, let_pass)


def move_mailboxes(sessions: Sessions, port: int) -> None:
    """The catcher may listen on another port than last time; the demo's mailboxes follow."""
    with sessions() as session:
        session.execute(sa.update(Mailbox).where(Mailbox.host == "127.0.0.1").values(port=port))
        session.commit()


def _users(uow: UnitOfWork) -> list[User]:
    uow.session.add(Instance(id=1))
    stockholm = {"zone": "Europe/Stockholm", "country": "SE", "title": "Account Executive"}
    return [
        add_user(uow, email=f"ana@{DOMAIN}", team="Nordics", first_name="Ana", last_name="Lind", **stockholm),
        add_user(
            uow, email=f"ben@{DOMAIN}", team="Nordics", first_name="Ben", last_name="Okafor", **stockholm
        ),
        add_user(
            uow,
            email=f"cleo@{DOMAIN}",
            team="Nordics",
            first_name="Cleo",
            last_name="Martin",
            role=Role.ADMINISTRATOR,
            can_prepare=True,
            can_start=True,
            zone="Europe/Stockholm",
            country="SE",
        ),
        add_user(
            uow,
            email=f"dirk@{DOMAIN}",
            team="Benelux",
            first_name="Dirk",
            last_name="Visser",
            zone="Europe/Amsterdam",
            country="NL",
        ),
    ]


def _mailbox(user: User, port: int) -> Mailbox:
    signature = "<p>Best regards,<br>{{ my_name }}<br>{{ my_title | default: 'Sales' }}, Nordlys</p>"
    return Mailbox(
        user_id=user.id,
        provider="smtp",
        address=user.email,
        host="127.0.0.1",
        port=port,
        security="none",
        signature_html=signature,
        daily_limit=200,
    )


def _people(uow: UnitOfWork, ana: User, ben: User, dirk: User) -> Iterator[Person]:
    names = zip(cycle(FIRST_NAMES), islice(cycle(LAST_NAMES), 3, None), strict=False)
    places = zip(cycle(COMPANIES), cycle(ZONES), cycle(TITLES), strict=False)
    owners = cycle((ana, ben, ana, ben, ana, ben, ana, dirk))
    rows = zip(range(PEOPLE), names, places, owners, strict=False)
    for number, (first, last), ((company, domain), zone, title), owner in rows:
        email = f"{_ascii(first)}.{_ascii(last)}{number}@{domain}"
        address = Address(email=email, domain=domain)
        person = Person(
            team_id=owner.team_id,
            owner_id=owner.id,
            address=address,
            email=email,
            first_name=first,
            last_name=last,
            company=company,
            title=title,
            phone=f"+46 8 55 {number:03d} {number % 90 + 10}" if number % 3 else "",
            linkedin_url=""
            if number % 4
            else f"https://www.linkedin.com/in/{_ascii(first)}-{_ascii(last)}-{number}",
            zone=zone,
            created_at=uow.now,
            changed_at=uow.now,
        )
        uow.session.add(person)
        yield person
    uow.session.flush()


def _group(uow: UnitOfWork, owner: User, name: str, members: list[Person]) -> None:
    group = Group(team_id=owner.team_id, owner_id=owner.id, name=name, shared=True, created_at=uow.now)
    uow.session.add(group)
    uow.session.flush()
    uow.session.add_all(GroupMember(group_id=group.id, person_id=person.id) for person in members)


def _template(uow: UnitOfWork, owner: User, version: CampaignVersion) -> None:
    """The first e-mail of a campaign as a template, so that its figures can recommend it."""
    campaign = uow.session.get_one(Campaign, version.campaign_id)
    first = next((step.wording_id for step in version.steps if step.wording_id), None)
    if first is not None:
        content = content_of(uow.session.get_one(Wording, first))
        words = (content.subject, content.html, content.text)
        create_template(uow, owner, TemplateDraft(f"{campaign.name}: opening", *words, category="Outbound"))


def _launch(sessions: Sessions, clock: Clock, who: str, name: str, first: int, count: int) -> None:
    with unit_of_work(sessions, clock) as uow:
        actor = uow.session.scalars(sa.select(User).where(User.email == f"{who}@{DOMAIN}")).one()
        campaign = uow.session.scalars(sa.select(Campaign).where(Campaign.name == name)).one()
        people = uow.session.scalars(
            sa.select(Person.id)
            .where(Person.owner_id == actor.id)
            .order_by(Person.id)
            .offset(first)
            .limit(count)
        ).all()
        launch(uow, actor, Order(campaign.id, people))


def _do_tasks(sessions: Sessions, clock: Clock, day: int) -> None:
    """Two of three open tasks are done, e-mails as the composer opens them; the rest is for whoever tries the demo."""
    with unit_of_work(sessions, clock) as uow:
        open_tasks = uow.session.scalars(
            sa.select(Task)
            .where(Task.state == TaskState.OPEN, Task.message_id.is_(None), Task.due_at <= uow.now)
            .order_by(Task.id)
        ).all()
        left = _newest_of_each_kind(open_tasks)
        for number, task in enumerate(open_tasks):
            if (number + day) % 3 and task.id not in left:
                _do(uow, task, OUTCOMES[number % len(OUTCOMES)])


def _newest_of_each_kind(tasks: Sequence[Task]) -> set[int]:
    """Whatever weekday the demo is loaded on, every rep finds tasks of every kind that the week had."""
    by_kind = defaultdict[tuple[int, TaskKind], list[int]](list)
    for task in tasks:
        by_kind[task.assignee_id, task.kind].append(task.id)
    return {id for ids in by_kind.values() for id in ids[-LEFT:]}


def _do(uow: UnitOfWork, task: Task, outcome: str) -> None:
    actor = uow.session.get_one(User, task.assignee_id)
    if task.kind is not TaskKind.EMAIL:
        complete_task(uow, actor, task, outcome=outcome if task.kind is TaskKind.CALL else "", undo_seconds=0)
        return
    person = uow.session.get_one(Person, task.person_id)
    words = open_composer(uow.session, actor, task, person).words
    send_for_task(uow, actor, task, person, Typed(words.subject, words.html))


def _at(instant: datetime, at: time) -> datetime:
    local = instant.astimezone(ZoneInfo("Europe/Stockholm"))
    return datetime.combine(local.date(), at, local.tzinfo)


def _ascii(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return "".join(letter for letter in plain if letter.isalnum()) or "someone"
