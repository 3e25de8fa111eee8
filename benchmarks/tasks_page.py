"""The Command Center with 1,000,000 tasks of 200 reps, against the bare SQL of its rows.

One team. One task in five is open, and of these one in ten is overdue, one in ten due today. The page is asked for
through the whole product (signed-in session, queries, templates), for another rep each time; the bare statement reads
the same fifty rows of the same rep and nothing else. Both alternate.
Run: python -m benchmarks.tasks_page [tasks] [rounds]
"""

from __future__ import annotations

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, process_time

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import sessionmaker
from werkzeug.test import Client

from integrations.directory import connected
from sales_campaigns.accounts.models import Instance, Role, Team, User
from sales_campaigns.accounts.sign_in import start_session
from sales_campaigns.clock import VirtualClock
from sales_campaigns.database import make_engine
from sales_campaigns.ports import OutsideWorld
from sales_campaigns.schema import METADATA
from sales_campaigns.settings import Settings
from tests.databases import durable_postgresql_url
from web import create_app
from web.security import COOKIE

REPS = 200
PEOPLE = 20_000
NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)
GOAL = "goal: at most 2 × + 30 ms"


def main(tasks: int = 1_000_000, rounds: int = 200) -> None:
    for name in ("PostgreSQL", "SQLite"):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder)
            url = (
                durable_postgresql_url("bench_tasks")
                if name == "PostgreSQL"
                else f"sqlite:///{path}/tasks.sqlite3"
            )
            engine = make_engine(url)
            METADATA.create_all(engine)
            fill(engine, tasks)
            print(_compared(name, engine, path, tasks, rounds))
            engine.dispose()


def fill(engine: Engine, tasks: int) -> None:
    """The team, its reps and people, and their tasks, made by the database itself."""
    with sessionmaker(engine)() as session:
        session.add_all([Team(id=1, name="North"), Instance(id=1)])
        session.flush()
        session.add_all([_rep(number) for number in range(1, REPS + 1)])
        session.commit()
    with engine.begin() as connection:
        for statement, rows in ((ADDRESSES, PEOPLE), (FOLK, PEOPLE), (TASKS, tasks)):
            connection.execute(sa.text(_numbered(engine, statement)), {"rows": rows, **_moments(engine)})
    with engine.begin() as connection:
        connection.execute(sa.text("ANALYZE"))


def _compared(name: str, engine: Engine, folder: Path, tasks: int, rounds: int) -> str:
    pages, bare = [], []
    providers = connected()
    outside = OutsideWorld(mail=providers)
    settings = Settings(secret_key="only for the benchmark, long enough", data_dir=folder)
    app = create_app(settings, engine, outside, VirtualClock(NOW))
    statements = _counted(engine)
    clients = [_signed_in(app, engine, 1 + number % REPS) for number in range(min(rounds, REPS))]
    for number in range(rounds + 5):  # the first five warm up
        client = clients[number % len(clients)]
        bare.append(_seconds_of_rows(engine, 1 + number % len(clients)))
        statements.clear()
        pages.append(_seconds_of_page(client))
    providers.close_all()
    page, rows = _p95([wall for wall, _ in pages[5:]]), _p95(bare[5:])
    own = median(cpu for _, cpu in pages[5:])
    return (
        f"{name}, {tasks:,} tasks of {REPS} reps: p95 of the page {page * 1e3:.0f} ms in {len(statements)} queries, "
        f"of its rows alone {rows * 1e3:.1f} ms: 2 × + {(page - 2 * rows) * 1e3:.0f} ms ({GOAL}); "
        f"median {median(wall for wall, _ in pages[5:]) * 1e3:.0f} ms, {own * 1e3:.0f} ms of this process's own time"
    )


def _seconds_of_page(client: Client) -> tuple[float, float]:
    """On the clock, and of this process's own time: the former is that of all who share the machine."""
    begun, own = perf_counter(), process_time()
    answer = client.get("/tasks")
    seconds = perf_counter() - begun, process_time() - own
    assert (
        answer.text.count('class="task"') >= 40
    )  # of 200,000 tasks a rep has 40 to do, of more the page is full
    return seconds


def _seconds_of_rows(engine: Engine, rep: int) -> float:
    begun = perf_counter()
    with engine.connect() as connection:
        rows = connection.execute(sa.text(ROWS), {"rep": rep}).all()
    assert rows
    return perf_counter() - begun


def _signed_in(app: object, engine: Engine, rep: int) -> Client:
    with sessionmaker(engine, expire_on_commit=False)() as session:
        token = start_session(session, session.get_one(User, rep))
        session.commit()
    client: Client = app.test_client()  # type: ignore[attr-defined]
    client.set_cookie(COOKIE, token)
    return client


def _counted(engine: Engine) -> list[str]:
    seen: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _cur, statement, *_: seen.append(statement))
    return seen


def _p95(seconds: list[float]) -> float:
    return quantiles(seconds, n=20)[-1]


def _rep(number: int) -> User:
    return User(
        id=number,
        team_id=1,
        email=f"rep{number}@north.example",
        first_name="Rep",
        last_name=f"Nr {number}",
        zone=("Europe/Stockholm", "Europe/Oslo", "America/New_York")[number % 3],
        role=Role.USER,
        created_at=NOW,
    )


def _numbered(engine: Engine, statement: str) -> str:
    """`n` counts from 1 to :rows."""
    if engine.dialect.name == "postgresql":
        return statement.replace("{n}", "(SELECT generate_series(1, :rows) AS n) AS numbers")
    counting = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :rows) "
    return counting + statement.replace("{n}", "numbers")


def _moments(engine: Engine) -> dict[str, object]:
    days = {"long_ago": -60, "late": -3, "now": 0, "later": 4}
    found = {
        name: datetime(2026, 11, 30, 9, tzinfo=UTC).timestamp() + day * 86_400 for name, day in days.items()
    }
    if engine.dialect.name == "postgresql":
        return {name: datetime.fromtimestamp(at, UTC) for name, at in found.items()}
    return {name: f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S.000000}" for name, at in found.items()}


ADDRESSES = """INSERT INTO address (email, domain, needs_utf8, trouble)
SELECT 'p' || n || '@example.com', 'example.com', false, '' FROM {n}
WHERE :long_ago IS NOT NULL AND :late IS NOT NULL AND :now IS NOT NULL AND :later IS NOT NULL"""
FOLK = """INSERT INTO person (team_id, owner_id, address_id, email, first_name, last_name, company, title, phone,
linkedin_url, zone, custom, pinned_note, untracked, created_at, changed_at)
SELECT 1, 1 + n % 200, n, 'p' || n || '@example.com', 'Maria', 'Nr ' || n, 'Fjord Energy', 'CFO', '+46 8 1', '',
'Europe/Stockholm', '{}', '', false, :long_ago, :long_ago FROM {n}
WHERE :late IS NOT NULL AND :now IS NOT NULL AND :later IS NOT NULL"""
# n / 200 tells the tasks of one rep apart
TASKS = """INSERT INTO task (team_id, assignee_id, person_id, kind, name, details, note, priority, state, due_at,
outcome, reason, source, step_label, created_at, ended_at)
SELECT 1, 1 + n % 200, 1 + n % 20000, 'call', 'Call nr ' || n, '', '', 'normal',
CASE WHEN (n / 200) % 5 = 0 THEN 'open' ELSE 'completed' END,
CASE (n / 1000) % 10 WHEN 0 THEN :late WHEN 1 THEN :now ELSE :later END,
'', '', 'reminder', '', :long_ago, CASE WHEN (n / 200) % 5 = 0 THEN NULL ELSE :long_ago END FROM {n}"""
ROWS = """SELECT * FROM task WHERE assignee_id = :rep AND state = 'open' ORDER BY due_at, id LIMIT 50"""


if __name__ == "__main__":
    main(*(int(one) for one in sys.argv[1:]))
