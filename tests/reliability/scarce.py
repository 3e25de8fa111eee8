"""A process that has run out of something, as a program: python -m tests.reliability.scarce descriptors|disk …

`descriptors SMTP IMAP`: every descriptor is taken while mails are handed over and a mailbox is read; then they are
given back. `disk FOLDER`: files hold a hundred bytes at most. It prints what came of it as JSON.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from pathlib import Path

from integrations.imap import ImapReader
from integrations.imap import Settings as ImapSettings
from integrations.smtp import SmtpProvider
from sales_campaigns.errors import Outside
from sales_campaigns.messages.handing_over.claiming import Claim
from sales_campaigns.messages.handing_over.journal import journal_in
from sales_campaigns.ports import MailAccount
from tests.providers.mails import QUICK, kinds, mails
from tests.stand_ins.imap import PASSWORD

FEW = 40


def descriptors(smtp: int, imap: int) -> list[str]:
    """The kinds of what came of it: two mails and a look, without descriptors and with them."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (FEW, FEW))
    provider = SmtpProvider(MailAccount(1, "smtp", "ana@ana.example", "127.0.0.1", smtp), QUICK)
    box = MailAccount(1, "smtp", "ana@ana.example", "127.0.0.1", imap, username="ana", secret=PASSWORD)
    reader = ImapReader(box, ImapSettings(wait_seconds=2))
    taken = []
    while True:
        try:
            taken.append(os.open("/dev/null", os.O_RDONLY))
        except OSError:
            break
    without = [*kinds(provider.hand_over(mails(2))), _look(reader)]
    for one in taken:
        os.close(one)
    return [*without, *kinds(provider.hand_over(mails(2))), _look(reader)]


def _look(reader: ImapReader) -> str:
    try:
        reader.changes("")
    except Outside as refused:
        return f"{refused.kind}: {refused.words}"
    return "read"


def disk(folder: str) -> list[str]:
    """The journals that stand there while a batch is handed over: one that is not whole must be gone."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
    with journal_in(Path(folder), "me") as journal:
        assert journal is not None
        journal.gates([Claim(number, "me", 1, 900, ()) for number in range(20)])
        journal.begins(3)
        return [path.name for path in Path(folder).iterdir()]


def main() -> None:
    what, *arguments = sys.argv[1:]
    found = descriptors(*map(int, arguments)) if what == "descriptors" else disk(*arguments)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
