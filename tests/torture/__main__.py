"""make torture: kill the real processes, pause and race them, and say how often a promise was broken.

python -m tests.torture [--only SCENARIO,SCENARIO] [--seed N] [--jobs N]
COUNTS=tenth|full beside it, SHARD=3/8 for the third eighth of the runs: a full count is ten runs of each scenario on
each database, so it goes on where it was broken off.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence

from tests.databases import hold_durable_server
from tests.shards import SHARD
from tests.torture.runs import OF, Row, Run, Runner

SHARES = {"tenth": 0.1}  # of what one run asks
ROUNDS = {"full": 10}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", default=",".join(OF))
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="so many side by side")
    chosen = options.parse_args()
    names = chosen.only.split(",")
    if unknown := sorted(set(names) - OF.keys()):
        options.error(f"no scenario {', '.join(unknown)}; there are {', '.join(OF)}")
    runner = Runner()
    signal.signal(signal.SIGTERM, runner.end)
    hold_durable_server()
    begun, rows = time.monotonic(), list(runner.rows(_mine(names, chosen.seed), chosen.jobs))
    minutes = (time.monotonic() - begun) / 60
    print(
        f"\n{_table(rows)}\n\nBroken promises: {sum(len(row.wrong) for row in rows)}, in {minutes:.0f} minutes"
    )
    return 1 if any(row.wrong for row in rows) else 0


def _mine(names: Sequence[str], seed: int) -> list[Run]:
    """What is asked here: of each round each scenario on each of its databases."""
    counts = os.environ.get("COUNTS", "")
    runs = [
        Run(name, database, seed + number, SHARES.get(counts, 1.0))
        for number in range(ROUNDS.get(counts, 1))
        for name in OF
        for database in OF[name].databases
        if name in names
    ]
    return [runs[number] for number in SHARD.among(range(len(runs)))]


def _table(rows: Sequence[Row]) -> str:
    """As docs/guarantees.md keeps it."""
    lines = ["| scenario | database | what was done | broken | seconds |", "|---|---|---|---|---|"]
    for row in rows:
        cells = (row.name, row.database, row.done, str(len(row.wrong)), f"{row.seconds:.0f}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
