"""Reading 100 tasks of 1,000,000 through the API, against the bare SQL of its rows.

The same team, reps and tasks as the page's benchmark. Each request shows another rep's token, and reads a hundred
open tasks of every kind that the rep has; the bare statement reads the same rows and nothing else. Both alternate.
Run: python -m benchmarks.api_tasks [tasks] [rounds]
"""

from __future__ import annotations

import sys
import tempfile
from os import getloadavg
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, process_time

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import sessionmaker
from werkzeug.test import Client

from benchmarks.tasks_page import NOW, REPS, ROWS, fill
from integrations.directory import connected
from sales_campaigns.accounts.models import User
from sales_campaigns.api_access.issuing import TokenWish, make_token
from sales_campaigns.clock import VirtualClock
from sales_campaigns.database import make_engine
from sales_campaigns.ports import OutsideWorld
from sales_campaigns.schema import METADATA
from sales_campaigns.settings import Settings
from sales_campaigns.unit_of_work import unit_of_work
from tests.databases import durable_postgresql_url
from web import create_app

WANTED = "/api/v1/tasks?limit=100&group=overdue&group=today&group=upcoming"
GOAL = "goal: at most 2 × + 30 ms"


def main(tasks: int = 1_000_000, rounds: int = 200) -> None:
    for name in ("PostgreSQL", "SQLite"):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder)
            on_postgresql = name == "PostgreSQL"
            url = durable_postgresql_url("bench_api") if on_postgresql else f"sqlite:///{path}/api.sqlite3"
            engine = make_engine(url)
            METADATA.create_all(engine)
            fill(engine, tasks)
            print(_compared(name, engine, path, tasks, rounds))
            engine.dispose()


def _compared(name: str, engine: Engine, folder: Path, tasks: int, rounds: int) -> str:
    settings = Settings(
        secret_key="only for the benchmark, long enough", data_dir=folder, api_requests_per_minute=1_000_000
    )
    providers = connected()
    outside = OutsideWorld(mail=providers)
    client = create_app(settings, engine, outside, VirtualClock(NOW)).test_client()
    tokens = [_token(engine, 1 + number) for number in range(REPS)]
    asked, bare, begun = [], [], process_time()
    for number in range(rounds + REPS):  # the first of each rep notes the use of its token
        rep = number % REPS
        bare.append(_seconds_of_rows(engine, 1 + rep))
        asked.append(_seconds_of_answer(client, tokens[rep]))
    providers.close_all()
    busy = (process_time() - begun) / len(asked)
    answer, rows = _p95(asked[REPS:]), _p95(bare[REPS:])
    return (
        f"{name}, 100 of {tasks:,} tasks: p95 of the answer {answer * 1e3:.0f} ms, of its rows alone "
        f"{rows * 1e3:.1f} ms: 2 × + {(answer - 2 * rows) * 1e3:.0f} ms ({GOAL}); median {median(asked) * 1e3:.0f} ms, "
        f"{busy * 1e3:.0f} ms of this process's own time; load {getloadavg()[0]:.1f}"
    )


def _seconds_of_answer(client: Client, token: str) -> float:
    begun = perf_counter()
    answer = client.get(WANTED, headers={"Authorization": f"Bearer {token}"})
    seconds = perf_counter() - begun
    assert answer.json is not None
    assert len(answer.json["items"]) == 100
    return seconds


def _seconds_of_rows(engine: Engine, rep: int) -> float:
    begun = perf_counter()
    with engine.connect() as connection:
        rows = connection.execute(sa.text(ROWS.replace("LIMIT 50", "LIMIT 100")), {"rep": rep}).all()
    assert rows
    return perf_counter() - begun


def _token(engine: Engine, rep: int) -> str:
    with unit_of_work(sessionmaker(engine, expire_on_commit=False), VirtualClock(NOW)) as uow:
        return make_token(uow, uow.session.get_one(User, rep), TokenWish("Benchmark"))[1]


def _p95(seconds: list[float]) -> float:
    return quantiles(seconds, n=20)[-1]


if __name__ == "__main__":
    main(*(int(one) for one in sys.argv[1:]))
