"""Import 100,000 people from CSV through the product's own code: seconds, rows a second, ratio, memory.

The ratio compares the import (dry run and import, with every rule) with bare `executemany` inserts of the same
values into the same two tables, run alternately on the same machine. Run: python -m benchmarks.people_import
[rows] [pairs]
"""

from __future__ import annotations

import csv
import io
import resource
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from sales_campaigns.accounts.models import Instance, Team, User
from sales_campaigns.clock import VirtualClock
from sales_campaigns.database import make_engine, make_sessions
from sales_campaigns.people.importing import check_import, continue_import, start_import
from sales_campaigns.people.models import Address, PeopleImport, Person
from sales_campaigns.people.uploading import upload
from sales_campaigns.schema import METADATA
from sales_campaigns.unit_of_work import unit_of_work

START = datetime(2026, 11, 30, 8, tzinfo=UTC)
HEAD = ("Email", "First Name", "Last Name", "Company", "Title", "Time Zone", "Phone")


def main(rows: int, pairs: int) -> None:
    ours, bare = [], []
    for _ in range(pairs):
        with tempfile.TemporaryDirectory() as folder:
            bare.append(_insert_bare(Path(folder), rows))
        with tempfile.TemporaryDirectory() as folder:
            ours.append(_import(Path(folder), rows))
    seconds = statistics.median(ours)
    ratio = statistics.median(one / other for one, other in zip(ours, bare, strict=True))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{rows:,} rows: {seconds:.1f} s, {rows / seconds:,.0f} rows/s, {ratio:.1f} × bare inserts")
    print(f"peak memory of the process: {peak:.0f} MiB")


def _import(folder: Path, rows: int) -> float:
    sessions = make_sessions(_database(folder))
    clock, uploads = VirtualClock(START), folder / "uploads"
    with unit_of_work(sessions, clock) as uow:
        ana = uow.session.get_one(User, 1)
        import_id = upload(uow, ana, uploads, "people.csv", io.BytesIO(_file(rows))).id
    began = time.perf_counter()
    for begin in (check_import, start_import):
        with unit_of_work(sessions, clock) as uow:
            begin(uow, ana, import_id)
        more = True
        while more:
            with unit_of_work(sessions, clock) as uow:
                more = continue_import(uow, uploads, import_id)
    seconds = time.perf_counter() - began
    with unit_of_work(sessions, clock) as uow:
        assert uow.session.get_one(PeopleImport, import_id).new == rows
    return seconds


def _insert_bare(folder: Path, rows: int) -> float:
    engine = _database(folder)
    began = time.perf_counter()
    with engine.begin() as connection:
        for start in range(0, rows, 1000):
            numbers = range(start, min(start + 1000, rows))
            addresses = [{"id": n + 1, "email": _row(n)[0], "domain": "example.com"} for n in numbers]
            connection.execute(sa.insert(Address), addresses)
            connection.execute(sa.insert(Person), [_columns(n) for n in numbers])
    return time.perf_counter() - began


def _columns(number: int) -> dict[str, object]:
    email, first, last, company, title, zone, phone = _row(number)
    return {
        "team_id": 1,
        "owner_id": 1,
        "address_id": number + 1,
        "email": email,
        "first_name": first,
        "last_name": last,
        "company": company,
        "title": title,
        "zone": zone,
        "phone": phone,
        "created_at": START,
        "changed_at": START,
    }


def _database(folder: Path) -> sa.Engine:
    engine = make_engine(f"sqlite:///{folder / 'bench.sqlite3'}")
    METADATA.create_all(engine)
    with make_sessions(engine)() as session:
        session.add_all([Instance(id=1), Team(id=1, name="North")])
        session.flush()
        session.add(User(id=1, team_id=1, email="ana@north.example", created_at=START))
        session.commit()
    return engine


def _file(rows: int) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([HEAD, *(_row(number) for number in range(rows))])
    return text.getvalue().encode()


def _row(number: int) -> tuple[str, ...]:
    name = f"person{number:07}"
    return (f"{name}@example.com", "Ana", name, "Kumo Systems", "CFO", "Europe/Stockholm", "+46 8 123 456")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000, int(sys.argv[2]) if len(sys.argv) > 2 else 3)
