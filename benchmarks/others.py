"""Against other senders, alternately into the same smtp-sink: django-post_office (a queue in PostgreSQL) and the pool
of nodemailer (no queue at all). Both with the settings their manuals give for speed.

*General* is a template with logic sent by one process of ours, *simple* one of fields, sent by two.
Run: python -m benchmarks.others [mails] [pairs]. They are installed into build/peers when they are not there.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from benchmarks.dispatch import LOGIC, SIMPLE, Way, ours
from benchmarks.relay import MISSING, program, sink
from sales_campaigns.content.html import to_text
from tests.databases import durable_postgresql_url

HERE = Path(__file__).parent
PEERS = HERE.parent / "build" / "peers"
GENERAL = Way("general", "PostgreSQL", True, LOGIC)
PLAIN = Way("simple", "PostgreSQL", True, SIMPLE, 2)

Send = Callable[[int, int], float]


def main(mails: int, pairs: int) -> None:
    if not program("smtp-sink"):
        print(MISSING)
        return
    _set_up()
    with tempfile.TemporaryDirectory() as folder:
        words = Path(folder) / "words"
        words.write_text(f"{SIMPLE}\f{to_text(SIMPLE)}")
        _compare("django-post_office", partial(_post_office, words), mails, pairs, (8, 18))
        _compare("nodemailer's pool", partial(_nodemailer, words), mails, pairs, (5, 12))


def _compare(name: str, send: Send, mails: int, pairs: int, goals: tuple[int, int]) -> None:
    few = max(500, mails // 5)
    for way, goal in zip((GENERAL, PLAIN), goals, strict=True):
        mine, theirs = [], []
        for _ in range(pairs):
            with sink() as port:
                mine.append(ours(way, mails, port).seconds / mails)
                theirs.append(send(port, few) / few)
        ratio = statistics.median(other / one for one, other in zip(mine, theirs, strict=True))
        print(
            f"{name}, {way.words}: {ratio:.1f} × as many mails ({1 / statistics.median(mine):,.0f}/s against "
            f"{1 / statistics.median(theirs):,.0f}/s) (goal: at least {goal} ×)",
            flush=True,
        )


def _post_office(words: Path, port: int, mails: int) -> float:
    url = sa.make_url(durable_postgresql_url("post_office"))
    where = [str(url.query.get("host", url.host)), str(url.database), str(url.username)]
    script = HERE / "peers" / "post_office_queue.py"
    return _seconds([str(PEERS / "venv/bin/python"), str(script), str(port), str(mails), str(words), *where])


def _nodemailer(words: Path, port: int, mails: int) -> float:
    script = HERE / "peers" / "nodemailer_pool.mjs"
    return _seconds(["node", str(script), str(port), str(mails), str(words)])


def _seconds(command: list[str]) -> float:
    environment = {**os.environ, "PEERS": str(PEERS)}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return float(done.stdout.strip().splitlines()[-1])


def _set_up() -> None:
    PEERS.mkdir(parents=True, exist_ok=True)
    if not (PEERS / "venv/bin/python").exists():
        subprocess.run([sys.executable, "-m", "venv", str(PEERS / "venv")], check=True)
        pip = [str(PEERS / "venv/bin/python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "django-post-office", "psycopg[binary]"], check=True)
    if shutil.which("npm") and not (PEERS / "node_modules/nodemailer").exists():
        (PEERS / "package.json").write_text("{}")
        subprocess.run(["npm", "install", "--silent", "--prefix", str(PEERS), "nodemailer"], check=True)


if __name__ == "__main__":
    main(*(int(sys.argv[n]) if len(sys.argv) > n else default for n, default in ((1, 5_000), (2, 3))))
