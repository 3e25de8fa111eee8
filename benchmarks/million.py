"""A million mails from the queue to the relay, each a durable row with the server's answer: two senders, PostgreSQL.

Run: python -m benchmarks.million [mails]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import sqlalchemy as sa

from benchmarks.dispatch import SIMPLE, engine_of, send_all
from benchmarks.outbox import fill
from benchmarks.relay import MISSING, program, sink, source
from sales_campaigns.messages.models import Message
from tests.torture.campaign import launch_for

COMPARED = 50_000
SIZE = 2_900


def main(mails: int) -> None:
    if not program("smtp-sink"):
        print(MISSING)
        return
    with (
        sink() as port,
        tempfile.TemporaryDirectory() as folder,
        engine_of("PostgreSQL", Path(folder)) as engine,
    ):
        launch_for(engine, 1, port, bulk=True, html=SIMPLE)
        fill(engine, mails)
        theirs = COMPARED / source(COMPARED, SIZE, port)
        run = send_all(engine, 2, Path(folder))
        with engine.connect() as connection:
            count = sa.select(sa.func.count()).where(Message.state == "sent")
            assert connection.scalar(count) == mails + 1
    rate = mails / run.seconds
    print(
        f"{mails:,} mails in {run.seconds:.0f} s: {rate:,.0f} mails/s, {run.processor / mails * 1e6:,.0f} µs of our "
        f"processors a mail, {rate / theirs:.2f} × smtp-source -s 8 ({theirs:,.0f}/s at {SIZE:,} bytes) "
        "(goal: at most 90 s for a million where smtp-source makes 14,500/s)"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
