"""Runs of make torture, side by side: each in a process of its own."""

from __future__ import annotations

import logging
import multiprocessing
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import structlog

from tests.torture.scenarios import SCENARIOS

OF = {one.name: one for one in SCENARIOS}


@dataclass(frozen=True)
class Run:
    """One scenario on one database."""

    name: str
    database: str
    seed: int
    share: float


@dataclass(frozen=True)
class Row:
    """What it came to; `done` in words, with its figures."""

    name: str
    database: str
    done: str
    broken: int
    seconds: float


def rows_of(runs: Sequence[Run], jobs: int) -> Iterator[Row]:
    """Side by side, each in a process of its own, and then what must be alone."""
    alone = [one for one in runs if OF[one.name].alone]
    yield from _side_by_side([one for one in runs if one not in alone], jobs)
    yield from _side_by_side(alone, 1)


def _side_by_side(runs: Iterable[Run], jobs: int) -> Iterator[Row]:
    pool = ProcessPoolExecutor(
        jobs,
        multiprocessing.get_context("spawn"),
        initializer=tidy_up_when_ended,
        max_tasks_per_child=1,
    )
    try:
        yield from pool.map(_run, runs)
    finally:
        pool.shutdown(cancel_futures=True)


def _run(run: Run) -> Row:
    # The table is what is read: each mail that was handed over is no news here.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        try:
            done, wrong = OF[run.name].run(run.database, Path(folder), run.seed, run.share)
        except AssertionError as error:  # what did not come in time is a broken promise like any other
            done, wrong = "not to its end", [str(error)]
    row = Row(run.name, run.database or "sqlite", done, len(wrong), time.monotonic() - begun)
    said = f"{row.name} on {row.database}: {row.done}; {row.broken} broken, {row.seconds:.0f} s"
    print("\n  ".join([said, *wrong[:20]]), flush=True)
    return row


def tidy_up_when_ended() -> None:
    """Who is ended from outside ends what it has started: processes, and a database server of its own."""

    def end(number: int, _frame: object) -> None:
        for one in multiprocessing.active_children():
            one.terminate()
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, end)
