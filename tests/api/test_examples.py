"""The examples of the docs, run as they stand: against a real server, from a process of their own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest
from flask import Flask
from sqlalchemy.engine import Engine
from werkzeug.serving import make_server

from integrations.webhooks import Caller
from sales_campaigns.webhooks.signing import headers_of
from tests.api.conftest import a_token
from tests.builders import a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.databases import empty
from tests.house.tracked import ROOT

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def engine(sqlite_engine: Engine) -> Iterator[Engine]:
    yield sqlite_engine
    empty(sqlite_engine)


@contextmanager
def served(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def run(*command: str, **environment: str) -> str:
    done = subprocess.run(
        command,
        cwd=ROOT / "examples",
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_campaign_is_launched_and_followed(app: Flask, work: Work, cast: Cast) -> None:
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1), a_mail(uow, 3, at="09:00")])
        a_person(uow, cast.ana)
    with served(app) as address:
        said = run(
            sys.executable,
            "launch_and_follow.py",
            str(campaign.id),
            "maria@example.com",
            "lena@example.org",
            API=address,
            TOKEN=a_token(work, cast.ana),
        )
    assert "2 of 2 started" in said or "1 of 2 started" in said
    assert "maria@example.com is active" in said


@pytest.mark.curl
def test_a_session_by_hand(app: Flask, work: Work, cast: Cast) -> None:
    with work() as uow:
        person = a_person(uow, cast.ana)
    with served(app) as address:
        said = run("sh", "session.sh", API=address, TOKEN=a_token(work, cast.ana), PERSON=str(person.id))
    assert "Fjord Energy" in said


def test_a_receiver_takes_what_is_signed_and_nothing_else() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen(
        [sys.executable, "receiver.py", str(port)],
        cwd=ROOT / "examples",
        env={"PATH": os.environ["PATH"], "SECRET": SECRET},
        stdout=subprocess.PIPE,
        text=True,
    ) as receiver:
        try:
            assert _taken(port, SECRET) == 204
            assert _taken(port, "whsec_b3RoZXI=") == 401
        finally:
            receiver.terminate()
        assert receiver.stdout is not None
        assert receiver.stdout.read().split() == ["task.completed"]


def _taken(port: int, secret: str) -> int | None:
    from sales_campaigns.clock import machine_now
    from sales_campaigns.errors import Outside

    body = b'{"kind": "task.completed"}'
    signed = headers_of(secret, "call_1", int(machine_now().timestamp()), body)
    for _ in range(100):
        try:
            return Caller(private=True).post(f"http://127.0.0.1:{port}/", body, signed).status
        except Outside:
            _a_moment()
    raise AssertionError("the receiver does not listen")


def _a_moment() -> None:
    import time

    time.sleep(0.1)
