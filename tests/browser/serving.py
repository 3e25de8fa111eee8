"""The real product as a process with the demo company: its own folder, its own port, ended by its own number."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.sign_in import make_link
from sales_campaigns.database import make_engine, make_sessions
from tests.torture.installation import ROOT, SECRET, Program, wait_until

LINK = re.compile(r"Sign in once with (\S+)")


def load_demo(folder: Path) -> Path:
    """A data folder that holds the demo company, made by the command that anybody would use."""
    subprocess.run(_flask("demo"), cwd=ROOT, env=_environment(folder), check=True, stdout=subprocess.DEVNULL)
    return folder


@contextmanager
def serving(demo: Path, folder: Path, speed: int = 1, more: Mapping[str, str] | None = None) -> Iterator[str]:
    """Serve a copy of the `demo` folder and give Ana's one-time sign-in link, which holds the address.

    `more` are settings.
    """
    shutil.copytree(demo, folder)
    said = folder / "said.log"
    with said.open("w") as log:
        environment = _environment(folder, DEMO_SPEED=str(speed), PORT=str(_free_port()), **(more or {}))
        program = Program(
            subprocess.Popen(
                _flask("serve"), cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT, text=True
            )
        )
    try:
        wait_until(lambda: bool(LINK.search(said.read_text())) or not program.running, 30, "a sign-in link")
        found = LINK.search(said.read_text())
        assert found, said.read_text()
        yield found[1]
    finally:
        program.end()
    assert "Traceback" not in said.read_text(), said.read_text()


def sign_in_path(folder: Path, email: str) -> str:
    """Where another user of the company that is served from `folder` signs in, once."""
    engine = make_engine(f"sqlite:///{folder / 'sales.sqlite3'}")
    with make_sessions(engine).begin() as session:
        token = make_link(session, session.scalars(sa.select(User).where(User.email == email)).one())
    engine.dispose()
    return f"/sign-in/link/{token}"


def _flask(*command: str) -> list[str]:
    return [sys.executable, "-m", "flask", "--app", "wsgi", *command]


def _environment(folder: Path, **more: str) -> dict[str, str]:
    given = {"DEMO": "1", "DATA_DIR": str(folder), "SECRET_KEY": SECRET, "PYTHONTZPATH": "", **more}
    return {**os.environ, "DATABASE_URL": "", **given}


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
