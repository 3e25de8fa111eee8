"""One process keeps time, the others stand by. Who leads holds an advisory lock of PostgreSQL on a line of its own.

The same line hears that work has become due. Two leaders for a moment would be harmless, because ticks claim rows;
still there are none: who has not been answered for FENCE seconds stops leading, and the server ends a line that has
been silent for longer than that, which frees the lock.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import structlog

from sales_campaigns.clock import machine_seconds
from sales_campaigns.wakeups import CHANNEL, woken

LOCK = 7_221_011_906  # any number that nobody else uses in this database
ASK = 1.0  # seconds between two questions
FENCE = 8.0
SERVER_PATIENCE = 12  # seconds; more than FENCE, less than the 30 in which somebody else must have taken over

log = structlog.get_logger()


class Leader:
    """`leads()` may be asked at any time, by any thread, and never waits. `wake` is called when work becomes due."""

    def __init__(self, address: str, wake: Callable[[], None]) -> None:
        self._address = address
        self._wake = wake
        self._until = 0.0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="leader", daemon=True)

    def leads(self) -> bool:
        return machine_seconds() < self._until

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """The lock is free as soon as the line is closed."""
        self._ending.set()
        self._thread.join(2 * ASK)
        self._until = 0.0

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                with _line(self._address) as line:
                    self._stand(line)
            except psycopg.Error as error:
                log.warning("the line of the leader is down", words=str(error).strip())
                self._ending.wait(ASK)
            finally:
                self._until = 0.0

    def _stand(self, line: psycopg.Connection) -> None:
        """Stand by, and lead from the moment on in which the lock is ours, for as long as the line answers."""
        mine = False
        while not self._ending.is_set():
            asked = machine_seconds()
            mine = mine or _take(line)
            if mine:
                line.execute("SELECT 1")
                if not self.leads():
                    log.info("this process keeps time now")
                self._until = asked + FENCE
            for _ in line.notifies(timeout=ASK, stop_after=1):
                if mine:
                    self._wake()


class Alone:
    """SQLite has one serving process: it leads, and an event of its own wakes it."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="leader", daemon=True)

    def leads(self) -> bool:
        return True

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        woken.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ending.is_set():
            if woken.wait(ASK) and not self._ending.is_set():
                woken.clear()
                self._wake()


@contextmanager
def _line(address: str) -> Iterator[psycopg.Connection]:
    """A direct connection on which both ends miss each other within seconds."""
    patience = (
        f"-c idle_session_timeout={SERVER_PATIENCE}s -c tcp_keepalives_idle=4 "
        "-c tcp_keepalives_interval=2 -c tcp_keepalives_count=2"
    )
    line = psycopg.connect(
        address,
        autocommit=True,
        options=patience,
        connect_timeout=5,
        keepalives_idle=4,
        keepalives_interval=2,
        keepalives_count=2,
        tcp_user_timeout=8000,
    )
    with line:
        line.execute(f"LISTEN {CHANNEL}")
        yield line


def _take(line: psycopg.Connection) -> bool:
    """Asked once for each line until it says yes: the lock counts how often it was taken."""
    row = line.execute("SELECT pg_try_advisory_lock(%s)", [LOCK]).fetchone()
    return bool(row and row[0])
