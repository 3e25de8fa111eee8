"""The disk under the database is full while mail goes out: nothing can be written, until somebody makes room.

A file system of its own, of a few megabytes in memory, holds the database: the file of SQLite, or the whole server of
PostgreSQL. Where a machine does not let one be mounted, nothing is asked.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from tests.torture.campaign import launch_from_boxes
from tests.torture.installation import Installation, receiving, wait_until
from tests.torture.ledger import Ledger, balance, is_quiet
from tests.torture.resources import BOXES, EACH, SHORT_SECONDS, goes_on
from tests.torture.server import Server, own_server

MEGABYTES = {"": 32, "postgresql": 192}  # by database


def fill_while_sending(
    folder: Path, disk: Path, times: int, server: Server | None = None
) -> tuple[Ledger, int]:
    """So many times while mail goes out from eight mailboxes; how often nobody could write. A server that ends when it
    cannot write is started again, as by its supervisor.
    """
    here = Installation(folder, server.direct_url if server else f"sqlite:///{disk / 'sales.sqlite3'}")
    here.set_up()
    each = max(EACH * times // 2, EACH)
    expected = BOXES * each
    with receiving(folder, "--seconds", "0.1") as receiver:
        launch_from_boxes(here.engine, BOXES, each, receiver.port)
        engine, program = here.engine, here.start("scheduler", "run")
        try:
            for _ in range(times):
                program = goes_on(here, program, receiver, engine)
                with _full(disk):
                    time.sleep(SHORT_SECONDS)
                if server is not None:
                    server.ensure_running()
            program = goes_on(here, program, receiver, engine)
            wait_until(lambda: is_quiet(engine), 180 + expected / 5, "every message sent or uncertain")
            return balance(engine, receiver, expected, BOXES), _refusals(here)
        finally:
            program.kill()
            engine.dispose()


def _refusals(here: Installation) -> int:
    return here.said().count("disk is full") + here.said().count("No space left on device")


@contextmanager
def _full(disk: Path) -> Iterator[None]:
    """Inside the block not a byte more can be written there."""
    ballast = disk / "ballast"
    descriptor = os.open(ballast, os.O_WRONLY | os.O_CREAT)
    for size in (1 << 20, 1 << 10, 1):
        with suppress(OSError):
            while True:
                os.write(descriptor, bytes(size))
    os.close(descriptor)
    try:
        yield
    finally:
        ballast.unlink()


@contextmanager
def _small_disk(disk: Path, megabytes: int) -> Iterator[bool]:
    """Whether there is one: not every machine lets us mount it."""
    disk.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={megabytes}m,mode=0777", "tmpfs", str(disk)]
    mounted = not subprocess.run(["mount", *options], stderr=subprocess.DEVNULL, check=False).returncode
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(disk)], check=True)


def all_full_disks(url: str, folder: Path, _seed: int, share: float) -> tuple[str, list[str]]:
    """For make torture: ten times."""
    times, disk = max(round(10 * share), 2), folder / "disk"
    with _small_disk(disk, MEGABYTES[url]) as there:
        if not there:
            return "left out: this machine lets us mount no disk of its own", []
        with own_server(disk) if url else nullcontext() as server:
            ledger, refused = fill_while_sending(folder, disk, times, server)
    said = f"the disk of the database full {times} times, {refused} times nothing could be written"
    wrong = [*ledger.wrong, *([] if refused else ["the disk was never full"])]
    return f"{said}; uncertain after them: {ledger.states.get('uncertain', 0)}", wrong
