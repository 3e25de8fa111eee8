"""Over a long line: the product's SMTP provider on ten connections against smtplib on ten, by turns.

Every answer of the server comes ten milliseconds later. Run: python -m benchmarks.round_trip [mails] [pairs]
"""

from __future__ import annotations

import smtplib
import statistics
import sys
import threading
import time
from contextlib import closing

from benchmarks.slow_sink import slow_sink
from benchmarks.submission import mails_of
from integrations.smtp import Settings, SmtpProvider
from sales_campaigns.ports import MailAccount, OutgoingMail

MILLISECONDS = 10
CONNECTIONS = 10


def main(mails: int, pairs: int) -> None:
    ready = mails_of(mails)
    ours, theirs = [], []
    with slow_sink(MILLISECONDS) as port:
        for _ in range(pairs):
            ours.append(_ours(ready, port))
            theirs.append(_smtplib(ready, port))
    ratio = statistics.median(other / mine for mine, other in zip(ours, theirs, strict=True))
    print(
        f"{CONNECTIONS} connections, {MILLISECONDS} ms a round trip: {mails / statistics.median(ours):,.0f} mails/s, "
        f"{ratio:.2f} × smtplib ({mails / statistics.median(theirs):,.0f}/s) (goal: at least 3.5 ×)"
    )


def _ours(ready: list[OutgoingMail], port: int) -> float:
    account = MailAccount(1, "smtp", "ana@north.example", "127.0.0.1", port)
    begun = time.perf_counter()
    with closing(SmtpProvider(account, Settings(connections=CONNECTIONS))) as provider:
        assert all(answer.refused is None for answer in provider.hand_over(ready))
    return time.perf_counter() - begun


def _smtplib(ready: list[OutgoingMail], port: int) -> float:
    begun = time.perf_counter()
    threads = [
        threading.Thread(target=_send, args=(ready[number::CONNECTIONS], port))
        for number in range(CONNECTIONS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - begun


def _send(ready: list[OutgoingMail], port: int) -> None:
    with smtplib.SMTP("127.0.0.1", port) as server:
        for mail in ready:
            server.sendmail(mail.sender, mail.recipients, mail.mime)


if __name__ == "__main__":
    main(*(int(sys.argv[n]) if len(sys.argv) > n else default for n, default in ((1, 2_000), (2, 5))))
