"""make bench: run every benchmark as a process of its own and write benchmarks/results.md.

python -m benchmarks [--only dispatch,simulate] [--short]
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).parent / "results.md"
LIBRARIES = ("SQLAlchemy", "psycopg", "python-liquid", "Flask", "APScheduler")


@dataclass(frozen=True)
class Benchmark:
    """A module of this package; `short` are the arguments of a run that takes a minute at most."""

    name: str
    title: str
    short: tuple[str, ...] = ()


BENCHMARKS = (
    Benchmark("submission", "Submission: the SMTP connections alone", ("5000", "1")),
    Benchmark("signing", "Signing a mail with the key of its domain (DKIM)", ("300",)),
    Benchmark("dispatch", "Sending: claim, gate, hand over, record", ("1000", "1")),
    Benchmark("million", "A million mails from the queue to the relay", ("5000",)),
    Benchmark("others", "Against other senders", ("1000", "1")),
    Benchmark("round_trip", "Sending over a long line", ("500", "1")),
    Benchmark("machines", "Several senders of one bulk lane", ("200", "1")),
    Benchmark("latency", "From due to handed over, one-to-one mails of 200 mailboxes", ("200",)),
    Benchmark("claiming", "Claiming as the table grows", ("20000", "200000")),
    Benchmark(
        "simulate", "Simulating 10,000 and 100,000 people in 12 steps", ("--people", "10000", "--runs", "1")
    ),
    Benchmark("preparation", "Preparing a delivery to a million people", ("20000", "500", "1")),
    Benchmark("advancing", "Advancing 10,000 enrollments that are due at one instant", ("1000",)),
    Benchmark("tasks_page", "The Command Center with 1,000,000 tasks of 200 reps", ("200000", "40")),
    Benchmark("people_import", "Importing 100,000 people from CSV", ("10000", "1")),
)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", default=",".join(one.name for one in BENCHMARKS))
    options.add_argument("--short", action="store_true", help="smaller numbers, one run each")
    chosen = options.parse_args()
    parts = [_head()]
    for one in BENCHMARKS:
        if one.name in chosen.only.split(","):
            arguments = one.short if chosen.short else ()
            lines = _run(one.name, arguments)
            parts.append(_part(one, arguments, lines))
            print("\n".join([one.title, *(f"  {line}" for line in lines)]), flush=True)
    RESULTS.write_text("\n".join(parts))


def _run(name: str, arguments: Sequence[str]) -> list[str]:
    """What the benchmark said, a line each. Raises CalledProcessError when it fails."""
    command = [sys.executable, "-m", f"benchmarks.{name}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.strip().splitlines()


def _head() -> str:
    """When, with what, on how busy a machine: absolute figures mean little without it, ratios a little more."""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    busy = os.getloadavg()[0] / (os.cpu_count() or 1)
    return (
        "# Measured\n\n"
        f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {libraries}; {os.cpu_count()} cores, "
        f"{busy:.1f} running processes a core when it began. Written by `make bench`.\n\n"
        "Everything runs on one machine: the product, the database and the server that takes the mail. Ratios\n"
        "come from alternating runs; they hold on other machines better than absolute figures do.\n"
    )


def _part(one: Benchmark, arguments: Sequence[str], lines: Sequence[str]) -> str:
    command = " ".join([f"python -m benchmarks.{one.name}", *arguments])
    return "\n".join([f"## {one.title}\n", f"`{command}`\n", *(f"- {line}" for line in lines), ""])


if __name__ == "__main__":
    main()
