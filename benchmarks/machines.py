"""Several senders of one bulk lane, as on several machines: one, two and four processes on PostgreSQL.

The server answers fifty milliseconds late, so that a sender mostly waits and the cores of this machine are not what
is measured. Run: python -m benchmarks.machines [mails of one sender] [runs]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.dispatch import SIMPLE, engine_of, send_all
from benchmarks.slow_sink import slow_sink
from tests.torture.campaign import launch_for

MILLISECONDS = 50
SENDERS = (1, 2, 4)


def main(mails: int, runs: int) -> None:
    rates: dict[int, list[float]] = {senders: [] for senders in SENDERS}
    for _ in range(runs):
        for senders in SENDERS:
            rates[senders].append(_rate(senders, senders * mails))
    before = 0.0
    for senders, found in rates.items():
        rate = statistics.median(found)
        more = f", {rate / before:.2f} × that of half as many (goal: at least 1.9 ×)" if before else ""
        print(f"{senders} of them, {MILLISECONDS} ms an answer: {rate:,.0f} mails/s{more}", flush=True)
        before = rate


def _rate(senders: int, mails: int) -> float:
    with (
        slow_sink(MILLISECONDS) as port,
        tempfile.TemporaryDirectory() as folder,
        engine_of("PostgreSQL", Path(folder)) as engine,
    ):
        launch_for(engine, mails, port, bulk=True, html=SIMPLE)
        return mails / send_all(engine, senders, Path(folder)).seconds


if __name__ == "__main__":
    main(*(int(sys.argv[n]) if len(sys.argv) > n else default for n, default in ((1, 1_000), (2, 3))))
