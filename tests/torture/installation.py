"""A real installation in a folder of its own: its database, its processes, and the server that gets its mail."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Engine

from sales_campaigns.database import make_engine
from sales_campaigns.migrating import FOLDER, upgrade
from sales_campaigns.schema import METADATA

ROOT = Path(__file__).parents[2]
SECRET = "only for these runs, and long enough for a key"
LEASE_SECONDS = 10


@dataclass
class Program:
    """A process of ours. Only it is ever killed, by its own number."""

    process: subprocess.Popen[str]

    def kill(self) -> None:
        """End it as the kernel does: nothing is finished, nothing is written."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def end(self) -> None:
        """Ask it to end, as a supervisor does."""
        self.process.terminate()
        self.process.wait(60)

    @property
    def running(self) -> bool:
        return self.process.poll() is None


STARTED: list[Program] = []  # by this process, which ends them whatever happens to it


@dataclass
class Installation:
    """Where the product runs: `database_url` is empty for SQLite in the folder."""

    folder: Path
    database_url: str = ""
    settings: dict[str, str] = field(default_factory=dict)  # more of them, by the names of their variables
    code: Path = ROOT  # of the version that runs here

    @property
    def engine(self) -> Engine:
        return make_engine(self.database_url or f"sqlite:///{self.folder / 'sales.sqlite3'}")

    def set_up(self) -> None:
        """With the newest schema: SQLite's from the models, where the migrations lead (test_migrations.py)."""
        engine = self.engine
        if engine.dialect.name == "sqlite":
            METADATA.create_all(engine)
            say_newest(engine)
        else:  # the queue's tables are in no model
            upgrade(engine)
        engine.dispose()

    def start(self, *command: str) -> Program:
        """Run a command of the product as a process; what it says stands in `said.log`."""
        said = (self.folder / "said.log").open("a")
        process = subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "wsgi", *command],
            cwd=self.code,
            env=self._environment(),
            stdout=said,
            stderr=subprocess.STDOUT,
            text=True,
        )
        said.close()
        STARTED.append(Program(process))
        return STARTED[-1]

    def run(self, *command: str) -> None:
        """Run a command of the product until it ends, and as it should."""
        code = self.start(*command).process.wait(120)
        assert code == 0, f"{' '.join(command)} ended with {code}, see {self.folder / 'said.log'}"

    def said(self) -> str:
        """What all its processes have said."""
        return (self.folder / "said.log").read_text()

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "PYTHONTZPATH": "",
            "SECRET_KEY": SECRET,
            "DATA_DIR": str(self.folder),
            "DATABASE_URL": self.database_url,
            "LEASE_SECONDS": str(LEASE_SECONDS),
            "TICK_SECONDS": "0.2",
            **self.settings,
        }


@dataclass
class Receiver:
    """The receiving server, a process of its own that outlives every kill: its log is the truth."""

    port: int
    log: Path

    def lines(self) -> int:
        return self.log.read_bytes().count(b"\n") if self.log.exists() else 0

    def taken(self) -> list[tuple[str, str]]:
        """(recipient, Message-ID) of everything it took, in order."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [(recipient, message_id) for _, recipient, message_id in (line.split("\t") for line in lines)]


@contextmanager
def receiving(folder: Path, *options: str) -> Iterator[Receiver]:
    """The counting server as a program; `options` are its own (see tests.sink)."""
    log = folder / "taken.log"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.sink", "--log", str(log), *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield Receiver(int(process.stdout.readline()), log)
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def say_newest(engine: Engine) -> None:
    """The database stands at the newest revision of this code."""
    with engine.begin() as connection:
        MigrationContext.configure(connection).stamp(ScriptDirectory(str(FOLDER)), "head")


def wait_until(true: Callable[[], bool], seconds: float, what: str) -> None:
    """Raises AssertionError when it does not come true in time."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)
