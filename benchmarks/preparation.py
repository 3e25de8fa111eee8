"""Prepare a delivery to a million people with five reasons to leave somebody out, on PostgreSQL or SQLite.

The ratio compares the time a person takes with that of a loop over people with the ORM, which judges by the same
rules and writes the same rows one by one, alternately on the same database. Run: python -m benchmarks.preparation
[people] [people of the loop] [pairs] [sqlite]
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from sales_campaigns.accounts.models import Instance, Mailbox, Role, Team, User
from sales_campaigns.clock import VirtualClock
from sales_campaigns.content.rendering import Content
from sales_campaigns.database import make_engine, make_sessions
from sales_campaigns.deliveries.editing import create
from sales_campaigns.deliveries.inputs import Audience
from sales_campaigns.deliveries.models import Delivery, DeliveryKind, Exclusion, Preparation, Recipient
from sales_campaigns.deliveries.preparing import prepare, prepare_chunk
from sales_campaigns.deliveries.typology.models import RuleKind, TypologyRule
from sales_campaigns.deliveries.typology.windows import NEVER_LEFT
from sales_campaigns.deliveries.wishes import Wish
from sales_campaigns.messages.models import Message
from sales_campaigns.people.models import Address, BlockedDomain, Person
from sales_campaigns.schema import METADATA
from sales_campaigns.unit_of_work import unit_of_work
from tests.databases import durable_postgresql_url

START = datetime(2026, 11, 30, 8, tzinfo=UTC)
CLOCK = VirtualClock(START)
MOULD = Content("New prices, {{ first_name }}", "<p>Hello {{ first_name }} of {{ company }}</p>")
SERIES = {
    "postgresql": "SELECT generate_series(1, :people) AS n",
    "sqlite": "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < :people) SELECT n FROM s",
}


def main(people: int, looped: int, pairs: int, kind: str) -> None:
    with ExitStack() as stack:
        engine = _engine(kind, stack)
        METADATA.create_all(engine)
        sessions = make_sessions(engine)
        _found(sessions, people, kind)
        ours, loop, slowest = [], [], 0.0
        for _ in range(pairs):
            seconds, chunk = _prepare(sessions, people)
            ours.append(seconds / people)
            slowest = max(slowest, chunk)
            _analyse(
                sessions
            )  # what the first half wrote is known to the planner, as it would be a minute later
            loop.append(_loop(sessions, looped) / looped)
        engine.dispose()
    _tell(people, kind, ours, loop, slowest)


def _tell(people: int, kind: str, ours: list[float], loop: list[float], slowest: float) -> None:
    ratio = statistics.median(other / one for one, other in zip(ours, loop, strict=True))
    each = statistics.median(ours)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{people:,} people on {kind}: {each * people:.1f} s, {each * 1e6:.1f} µs a person")
    print(f"longest chunk, which is what stopping waits for: {slowest:.2f} s")
    print(f"a loop with the ORM: {statistics.median(loop) * 1e6:,.0f} µs a person, {ratio:,.0f} × as much")
    print(f"peak memory of the process: {peak:.0f} MiB")


def _prepare(sessions: sessionmaker[Session], people: int) -> tuple[float, float]:
    """Seconds of the whole, and of its longest chunk: what stopping waits for."""
    with unit_of_work(sessions, CLOCK) as uow:
        cleo = uow.session.get_one(User, 1)
        wish = Wish("Autumn", MOULD, 1, Audience(everybody=True))
        number = create(uow, cleo, wish).id
        prepare(uow, cleo, number)
    began, longest, more = time.perf_counter(), 0.0, True
    while more:
        chunk = time.perf_counter()
        with unit_of_work(sessions, CLOCK) as uow:
            more = prepare_chunk(uow, number)
        longest = max(longest, time.perf_counter() - chunk)
    seconds = time.perf_counter() - began
    with unit_of_work(sessions, CLOCK) as uow:
        done = uow.session.get_one(Preparation, number)
        assert done.targeted == people == done.to_deliver + done.excluded, (done.targeted, people)
        assert len(done.causes) == 6, done.causes
    return seconds, longest


def _loop(sessions: sessionmaker[Session], people: int) -> float:
    """What preparing is without sets: one person after the other, each judged and written by itself."""
    with unit_of_work(sessions, CLOCK) as uow:
        number = create(
            uow, uow.session.get_one(User, 1), Wish("Loop", MOULD, 1, Audience(everybody=True))
        ).id
    began = time.perf_counter()
    with sessions() as session:
        for person in session.scalars(sa.select(Person).order_by(Person.id.desc()).limit(people)):
            cause = _cause(session, number, person)
            if cause:
                session.add(
                    Exclusion(delivery_id=number, occasion=0, person_id=person.id, cause=cause, at=START)
                )
            else:
                assert person.address_id is not None
                row = {"delivery_id": number, "occasion": 0, "address_id": person.address_id}
                session.add(Recipient(**row, person_id=person.id))
            session.flush()
        session.commit()
    return time.perf_counter() - began


def _cause(session: Session, delivery_id: int, person: Person) -> str:
    if person.address_id is None:
        return "no_address"
    address = session.get_one(Address, person.address_id)
    if address.opted_out_at:
        return "opted_out"
    if session.scalar(sa.select(BlockedDomain.domain).where(BlockedDomain.domain == address.domain)):
        return "blocked_domain"
    if address.quarantined_at:
        return "quarantined"
    if session.get(Recipient, (delivery_id, address.id, 0)):
        return "duplicate"
    if _often(session, address):
        return "pressure"
    return "" if person.first_name.strip() and person.company.strip() else "field_missing"


def _often(session: Session, address: Address) -> bool:
    """More than two mails in the week before, to whoever has this address: the loop looks back only."""
    recent = (
        sa.select(sa.func.count())
        .select_from(Message)
        .join(Person, Person.id == Message.person_id)
        .where(Person.address_id == address.id, ~Message.proof, Message.state.not_in(NEVER_LEFT))
        .where(sa.func.coalesce(Message.sent_at, Message.due_at) > START - timedelta(days=7))
    )
    return (session.scalar(recent) or 0) > 2


def _engine(kind: str, stack: ExitStack) -> sa.Engine:
    if kind == "sqlite":
        return make_engine(f"sqlite:///{stack.enter_context(tempfile.TemporaryDirectory())}/bench.sqlite3")
    return make_engine(durable_postgresql_url("bench_preparation"))


def _found(sessions: sessionmaker[Session], people: int, kind: str) -> None:
    """Everybody is made in the database: this process never holds them."""
    with sessions() as session:
        session.add_all([Instance(id=1), Team(id=1, name="North"), BlockedDomain(domain="blocked.example")])
        session.flush()
        user = User(id=1, team_id=1, email="cleo@north.example", role=Role.ADMINISTRATOR, created_at=START)
        session.add(user)
        session.flush()
        session.add(Mailbox(id=1, user_id=1, provider="smtp", address="cleo@north.example"))
        session.flush()
        session.execute(
            sa.text(_ADDRESSES.format(series=SERIES[kind])), {"people": people, "at": _instant(kind)}
        )
        session.execute(
            sa.text(_PEOPLE.format(series=SERIES[kind])), {"people": people, "at": _instant(kind)}
        )
        _write_history(session, people, kind)
        session.commit()
    _analyse(sessions)


def _analyse(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        session.execute(sa.text("ANALYZE"))
        session.commit()


def _write_history(session: Session, people: int, kind: str) -> None:
    """Half of the people got a mail two days ago, and one in fifty three of them: a rule allows two a week."""
    rule = TypologyRule(team_id=1, kind=RuleKind.PRESSURE, name="Two a week", changed_at=START)
    rule.details = {"messages": 3, "days": 7}
    older = Delivery(
        id=1000, team_id=1, owner_id=1, kind=DeliveryKind.SINGLE, name="Earlier", created_at=START
    )
    session.add_all([rule, older])
    session.flush()
    two_days_ago = _instant(kind, START - timedelta(days=2))
    for occasion, which in ((0, "n % 2 = 1"), (1, "n % 50 = 5"), (2, "n % 50 = 5")):
        session.execute(
            sa.text(_HISTORY.format(series=SERIES[kind], which=which)),
            {"people": people, "at": two_days_ago, "occasion": occasion},
        )


def _instant(kind: str, at: datetime = START) -> object:
    return at if kind == "postgresql" else at.strftime("%Y-%m-%d %H:%M:%S.%f")


_ADDRESSES = """
INSERT INTO address (id, email, domain, needs_utf8, trouble, opted_out_at, quarantined_at)
SELECT n, 'person' || n || '@example.com', CASE WHEN n % 50 = 3 THEN 'blocked.example' ELSE 'example.com' END,
       false, '', CASE WHEN n % 50 = 1 THEN :at END, CASE WHEN n % 50 = 2 THEN :at END
FROM ({series}) AS series
"""
_PEOPLE = """
INSERT INTO person (id, team_id, owner_id, address_id, email, first_name, last_name, company, title, phone,
                    linkedin_url, zone, custom, pinned_note, untracked, created_at, changed_at)
SELECT n, 1, 1, CASE WHEN n % 50 <> 0 THEN n END, 'person' || n || '@example.com',
       CASE WHEN n % 50 = 4 THEN '' ELSE 'Maria' END, 'Santos', 'Fjord Energy', 'CFO', '', '',
       'Europe/Stockholm', '{{}}', '', false, :at, :at
FROM ({series}) AS series
"""

_HISTORY = """
INSERT INTO message (team_id, delivery_id, occasion, email, attempt, person_id, sender_id, mailbox_id, quoted, proof,
                     despite_opt_out, cc, bcc, zone, due_at, act_at, valid_until, state, generation, recoveries,
                     attempts, "references", subject, sent_at, reason, words, created_at)
SELECT 1, 1000, :occasion, 'person' || n || '@example.com', 1, n, 1, 1, '', false, false, '', '', 'UTC', :at, :at,
       :at, 'sent', 1, 0, 1, '', 'Hello', :at, '', '', :at
FROM ({series}) AS series WHERE {which}
"""


if __name__ == "__main__":
    given = [*sys.argv[1:]]
    kind = "sqlite" if "sqlite" in given else "postgresql"
    numbers = [int(one) for one in given if one.isdecimal()]
    people, loop, runs = numbers + [1_000_000, 3_000, 3][len(numbers) :]
    main(people, loop, runs, kind)
