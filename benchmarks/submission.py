"""Raw submission: the product's SMTP provider alone, without a database, against smtp-source at equal size.

Run: python -m benchmarks.submission [mails] [pairs]
"""

from __future__ import annotations

import statistics
import sys
import time
from contextlib import closing

from benchmarks.relay import MISSING, program, sink, source
from integrations.smtp import Settings, SmtpProvider
from sales_campaigns.ports import MailAccount, OutgoingMail

SIZE = 5_120
CONNECTIONS = 4


def main(mails: int, pairs: int) -> None:
    if not program("smtp-sink"):
        print(MISSING)
        return
    ours, theirs = [], []
    for _ in range(pairs):
        with sink() as port:
            ours.append(_ours(mails, port))
            theirs.append(source(mails, SIZE, port))
    ratio = statistics.median(other / mine for mine, other in zip(ours, theirs, strict=True))
    print(
        f"{CONNECTIONS} connections, one process: {mails / statistics.median(ours):,.0f} mails/s, {ratio:.2f} × "
        f"smtp-source -s 8 at {SIZE:,} bytes ({mails / statistics.median(theirs):,.0f}/s) (goal: 1.5 ×)"
    )


def mails_of(count: int) -> list[OutgoingMail]:
    """Ready ones of SIZE bytes."""
    text = b"Message-ID: <%d@north.example>\r\n\r\n" + (b"x" * 76 + b"\r\n") * (SIZE // 78)
    return [
        OutgoingMail(
            number, f"<{number}@north.example>", "ana@north.example", ("m@example.com",), text % number
        )
        for number in range(count)
    ]


def _ours(mails: int, port: int) -> float:
    ready = mails_of(mails)
    account = MailAccount(1, "smtp", "ana@north.example", "127.0.0.1", port)
    with closing(SmtpProvider(account, Settings(connections=CONNECTIONS))) as provider:
        begun = time.perf_counter()
        accepted = sum(answer.refused is None for answer in provider.hand_over(ready))
        seconds = time.perf_counter() - begun
    assert accepted == mails
    return seconds


if __name__ == "__main__":
    main(*(int(sys.argv[n]) if len(sys.argv) > n else default for n, default in ((1, 20_000), (2, 5))))
