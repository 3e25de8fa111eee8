"""What deploy/ starts, all of it at once: two that serve pages, two that keep time, three that send, one database."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import URLError
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.sign_in import make_link
from sales_campaigns.database import make_sessions
from sales_campaigns.presence import Presence
from tests.databases import migrated_postgresql_url, worker_name
from tests.torture.campaign import launch_for
from tests.torture.cluster import QUEUED, Cluster, books_at_the_end
from tests.torture.installation import Installation, Receiver, receiving, wait_until
from tests.units import UNITS, command_of

EACH = {"web": 2, "scheduler": 2, "worker": 3}
MAILS = 300
Command = tuple[str, ...]


@pytest.mark.deep
def test_one_of_each_kind_dies_and_pages_answer_mail_leaves_and_time_is_kept(tmp_path: Path) -> None:
    """The rule: web, scheduler and worker each run in any number, and whoever dies is done without (spec/4)."""
    here = Installation(tmp_path, migrated_postgresql_url(f"{worker_name()}_every"), dict(QUEUED))
    here.set_up()
    with (
        receiving(here.folder, "--seconds", "0.05") as receiver,
        everything(here, receiver) as (cluster, engine, pages),
    ):
        rep = signed_in(engine, pages[0])
        assert "Processes" in read(rep, pages[0], "/admin/health"), "who signed in at one"
        assert "Processes" in read(rep, pages[1], "/admin/health"), "is known to the other"
        leader = latest(engine, "scheduler")
        for dead in (pages_on(cluster, pages[0]), leader, latest(engine, "worker")):
            cluster.programs.pop(dead).program.kill()
        assert "Processes" in read(rep, pages[1], "/admin/health")
        with pytest.raises(URLError):
            read(rep, pages[0], "/admin/health")
        wait_until(lambda: latest(engine, "scheduler") != leader, 30, "the stand-by keeps time")
        ledger = books_at_the_end(cluster, receiver, engine, MAILS)
    assert ledger.wrong == []
    assert ledger.states.get("uncertain", 0) <= 1, "the one that the dead worker was handing over"


@contextmanager
def everything(here: Installation, receiver: Receiver) -> Iterator[tuple[Cluster, Engine, list[int]]]:
    """The processes by the words of their units, from the first mail that leaves; the ports of those with pages."""
    engine, cluster, ports = here.engine, Cluster(here), free_ports(EACH["web"])
    launch_for(engine, MAILS, receiver.port)
    try:
        for kind, command in by_kind().items():
            for number in range(EACH[kind]):
                own = {"PORT": str(ports[number])} if kind == "web" else {}
                cluster.start(command, Installation(here.folder, here.database_url, {**here.settings, **own}))
        wait_until(
            lambda: receiver.lines() > 0 and all(map(answers, ports)), 120, "mail leaves, pages answer"
        )
        wait_until(
            lambda: latest(engine, "scheduler") > 0 and latest(engine, "worker") > 0, 60, "they have said so"
        )
        yield cluster, engine, ports
    finally:
        cluster.end(list(cluster.programs))
        engine.dispose()


def by_kind() -> dict[str, Command]:
    return {path.stem.removeprefix("sales-campaigns-").rstrip("@"): command_of(path) for path in UNITS}


def free_ports(count: int) -> list[int]:
    """So many, which nobody has."""
    found = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    numbers = [one.getsockname()[1] for one in found]
    for one in found:
        one.close()
    return numbers


def answers(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def signed_in(engine: Engine, port: int) -> OpenerDirector:
    """Cleo's browser, by a link that the process of this port takes."""
    with make_sessions(engine).begin() as session:
        token = make_link(session, session.scalars(sa.select(User).where(User.first_name == "Cleo")).one())
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    read(browser, port, f"/sign-in/link/{token}")
    return browser


def read(browser: OpenerDirector, port: int, path: str) -> str:
    with browser.open(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
        return str(answer.read().decode())


def pages_on(cluster: Cluster, port: int) -> int:
    """The number of the process that serves pages there."""
    return next(pid for pid, one in cluster.programs.items() if one.here.settings.get("PORT") == str(port))


def latest(engine: Engine, kind: str) -> int:
    """The number of one of this kind."""
    with engine.connect() as connection:
        query = sa.select(Presence.name).where(Presence.kind == kind).order_by(Presence.beat_at.desc())
        name = connection.scalars(query).first() or ":0"
    return int(name.rpartition(":")[2])
