"""Runs of make torture, side by side, each in a process of its own: `python -m tests.torture.runs` is one of them."""

from __future__ import annotations

import json
import logging
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

import structlog

from tests.torture.installation import STARTED
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
    """What it came to; `done` in words, with its figures, `wrong` a sentence for each broken promise."""

    name: str
    database: str
    done: str
    wrong: list[str]
    seconds: float

    def told(self) -> str:
        said = f"{self.name} on {self.database}: {self.done}; {len(self.wrong)} broken, {self.seconds:.0f} s"
        return "\n  ".join([said, *self.wrong[:20]])


@dataclass
class Runner:
    """Whoever is ended from outside ends what it has started, which does the same."""

    _programs: set[subprocess.Popen[str]] = field(default_factory=set)
    _over: bool = False

    def rows(self, runs: Sequence[Run], jobs: int) -> Iterator[Row]:
        """Side by side, each told when it is over, and then what must be alone."""
        alone = [one for one in runs if OF[one.name].alone]
        yield from self._side_by_side([one for one in runs if one not in alone], jobs)
        yield from self._side_by_side(alone, 1)

    def end(self, number: int, _frame: object) -> None:
        self._over = True
        for one in list(self._programs):
            one.terminate()
        sys.exit(128 + number)

    def _side_by_side(self, runs: Iterable[Run], jobs: int) -> Iterator[Row]:
        with ThreadPoolExecutor(jobs) as pool:
            yield from pool.map(self._row, runs)

    def _row(self, run: Run) -> Row:
        begun, words = time.monotonic(), [run.name, run.database, str(run.seed), str(run.share)]
        if self._over:
            return _unfinished(run, "was not begun", 0)
        program = subprocess.Popen(
            [sys.executable, "-m", "tests.torture.runs", *words], stdout=subprocess.PIPE, text=True
        )
        self._programs.add(program)
        said, _ = program.communicate()
        self._programs.discard(program)
        seconds = time.monotonic() - begun
        row = (
            Row(**json.loads(said)) if said else _unfinished(run, f"ended with {program.returncode}", seconds)
        )
        print(row.told(), flush=True)
        return row


def _unfinished(run: Run, why: str, seconds: float) -> Row:
    return Row(run.name, run.database or "sqlite", "not to its end", [why], seconds)


def _asked(run: Run) -> Row:
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        try:
            done, wrong = OF[run.name].run(run.database, Path(folder), run.seed, run.share)
        except AssertionError as error:  # what did not come in time is a broken promise like any other
            done, wrong = "not to its end", [str(error)]
        finally:
            for one in STARTED:
                if one.running:
                    one.kill()
    return Row(run.name, run.database or "sqlite", done, wrong, time.monotonic() - begun)


def main() -> None:
    # The table is what is read: each mail that was handed over is no news here.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    name, database, seed, share = sys.argv[1:]
    print(json.dumps(asdict(_asked(Run(name, database, int(seed), float(share))))))


if __name__ == "__main__":
    main()
