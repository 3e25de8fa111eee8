"""Ana's mail server, a stock Postfix with a stock Dovecot, and the recipients' servers behind it."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path

from sales_campaigns.clock import machine_seconds
from sales_campaigns.ports import MailAccount
from tests.mta.dovecot import dovecot
from tests.mta.places import PASSWORD, Places, places
from tests.mta.policy import Policy
from tests.mta.postfix import postfix

ANA = "ana@ana.example"
LETTERS = "letters@ana.example"  # its mail comes to Ana
RETURNED_AFTER = 6  # seconds that Postfix tries to get rid of a mail


@dataclass(frozen=True)
class PostOffice:
    """`policy.asked` counts the attempts for each address."""

    places: Places
    policy: Policy

    def account(self, **other: object) -> MailAccount:
        """How Ana's mailbox is reached: STARTTLS and a password."""
        fixed = {"host": "127.0.0.1", "port": self.places.submission, "security": "starttls"}
        return MailAccount(1, "smtp", ANA, **(fixed | {"username": ANA, "secret": PASSWORD} | other))  # type: ignore[arg-type]

    def inbox(self, about: bytes = b"") -> list[bytes]:
        """Every mail in Ana's inbox that contains these bytes, as it stands on the disk.

        Dovecot moves a mail from `new` to `cur` when it is first seen, so there it is looked for last.
        """
        paths = [*self.maildir.glob("new/*"), *self.maildir.glob("cur/*")]
        found = {path.name.partition(":")[0]: path for path in paths}
        mails = (_bytes_of(found[name]) for name in sorted(found))
        return [mail for mail in mails if about in mail]

    def wait_for(self, count: int, about: bytes = b"", seconds: float = 20) -> list[bytes]:
        """The inbox once it holds so many mails. Raises AssertionError with the servers' logs after a while."""
        until = machine_seconds() + seconds
        while len(found := self.inbox(about)) < count:
            assert machine_seconds() < until, f"{len(found)} of {count} came\n{self.places.logs()}"
            time.sleep(0.05)
        return found

    def taken(self, count: int, about: bytes) -> list[bytes]:
        """So many mails that contain these bytes, the oldest first; then Ana's inbox is emptied before it is read."""
        mails = self.wait_for(count, about)
        for path in self.maildir.glob("new/*"):
            path.unlink()
        return mails

    def clear(self) -> None:
        """Empty Ana's mailbox, every folder of it, and those of the recipients, and forget who was asked for."""
        for name in ("ana", "recipients"):
            shutil.rmtree(self.places.folder / "mail" / name, ignore_errors=True)
        self.policy.asked.clear()
        self.policy.emptied.clear()

    def drop(self, *mails: bytes, folder: str = "") -> None:
        """Put mails into a folder of Ana's mailbox, as a delivery does."""
        for name in ("tmp", "new", "cur"):
            (self.maildir / folder / name).mkdir(parents=True, exist_ok=True)
        for number, mail in enumerate(mails):
            path = self.maildir / folder / "new" / f"{time.time_ns()}.{number:05}.dropped"
            path.write_bytes(mail)
        subprocess.run(["chown", "-R", "nobody:nogroup", str(self.maildir)], check=True)

    def copies(self) -> list[bytes]:
        """What stands among Ana's sent mails, with the line ends of the wire."""
        paths = [path for name in ("new", "cur") for path in self.maildir.glob(f".Sent/{name}/*")]
        return [path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for path in sorted(paths)]

    def arrived(self) -> Counter[str]:
        """What the recipients found in their mailboxes: address → mails."""
        paths = (self.places.folder / "mail" / "recipients").glob("*/*")
        return Counter(message_from_bytes(path.read_bytes())["Delivered-To"] for path in paths)

    @property
    def maildir(self) -> Path:
        return self.places.folder / "mail" / "ana"


@contextmanager
def post_office(patience: int = RETURNED_AFTER) -> Iterator[PostOffice]:
    """Both servers, while the block lasts; `patience` in seconds."""
    with places() as where, Policy() as policy, dovecot(where), postfix(where, policy.port, patience):
        policy.hop = where.hop
        yield PostOffice(where, policy)


def _bytes_of(path: Path) -> bytes:
    """Of a mail that may have been moved since it was listed."""
    if path.exists():
        return path.read_bytes()
    moved = next(path.parent.parent.glob(f"cur/{path.name.partition(':')[0]}*"))
    return moved.read_bytes()
