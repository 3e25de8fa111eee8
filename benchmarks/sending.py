"""One sending process of benchmarks.dispatch: says when it is ready, and begins when it is told to.

python -m benchmarks.sending DATABASE_URL MAILBOX
"""

from __future__ import annotations

import sys

from integrations.directory import connected
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.clock import SystemClock
from sales_campaigns.database import make_engine, make_sessions
from sales_campaigns.messages.handing_over.dispatching import PostRoom, dispatch
from sales_campaigns.presence import process_name


def main(url: str, mailbox_id: int) -> None:
    engine, mail = make_engine(url), connected()
    reads = make_sessions(engine, reads_only=True)
    room = PostRoom(
        make_sessions(engine), reads, SystemClock(), mail, Seal("only for benchmarks"), process_name()
    )
    with engine.connect():
        print("ready", flush=True)
    if not sys.stdin.readline():
        return  # whoever was to give the word is gone
    while dispatch(room, mailbox_id):
        pass
    mail.close_all()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
