"""One sending process of the benchmarks: says when it is ready, begins when it is told to, and tells in the end what
processor time it took, in seconds.

python -m benchmarks.sending DATABASE_URL MAILBOX FOLDER_OF_JOURNALS
"""

from __future__ import annotations

import gc
import sys
import time
from pathlib import Path

import structlog
from sqlalchemy.orm import configure_mappers

from integrations.directory import connected
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.clock import SystemClock
from sales_campaigns.database import make_engine, make_sessions
from sales_campaigns.messages.handing_over.dispatching import PostRoom, dispatch
from sales_campaigns.presence import process_name

gc.set_threshold(50_000)  # as wsgi.py does


def main(url: str, mailbox_id: int, journals: Path) -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    engine, mail = make_engine(url), connected()
    reads = make_sessions(engine, reads_only=True)
    seal = Seal("only for benchmarks")
    room = PostRoom(
        make_sessions(engine), reads, SystemClock(), mail, seal, process_name(), journals=journals
    )
    configure_mappers()
    with engine.connect():
        print("ready", flush=True)
    if not sys.stdin.readline():
        return  # whoever was to give the word is gone
    begun = time.process_time()
    while dispatch(room, mailbox_id):
        pass
    mail.close_all()
    print(time.process_time() - begun, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
