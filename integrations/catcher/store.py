"""Caught mails in one folder, a file each. Append-only; what was there is there again after a restart."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import islice
from pathlib import Path

from integrations.catcher.reading import read
from integrations.catcher.server import CaughtMail
from integrations.catcher.threads import StoredMail, Thread, grouped
from sales_campaigns.errors import NotFound

MOST_MAILS = 20_000
_THREADED_MAILS = 2_000  # the latest mails among which conversations are looked for


class MailStore:
    """A folder of `<id>.eml` files: one line of JSON about the envelope, then the mail as it came.

    Safe for many threads of one process. Beyond `most` mails the oldest make room.
    """

    def __init__(self, folder: Path, most: int = MOST_MAILS) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._most = most
        self._lock = threading.Lock()
        self._ids = sorted(int(path.stem) for path in folder.glob("*.eml") if path.stem.isdecimal())
        self._next = self._ids[-1] + 1 if self._ids else 1
        self._read = lru_cache(maxsize=_THREADED_MAILS)(self._read_file)

    def add(self, caught: CaughtMail) -> int:
        """Keep a mail and say its id. It is on the disk when this returns."""
        with self._lock:
            number, self._next = self._next, self._next + 1
            _write(self._path(number), _head(caught) + caught.raw)
            self._ids.append(number)
            self._forget_oldest()
        return number

    def get(self, number: int) -> StoredMail:
        """Raises NotFound when it never was here or had to make room."""
        if not self._path(number).exists():
            raise NotFound
        return self._read(number)

    def list(self, limit: int = 100, before: int | None = None) -> Sequence[StoredMail]:
        """The newest first, `limit` at most, only those older than the id `before`."""
        return list(islice(self._newest_first(before), limit))

    def threads(self, limit: int = 50) -> Sequence[Thread]:
        """The conversations among the latest mails, the most lately moved first."""
        return grouped(islice(self._newest_first(None), _THREADED_MAILS))[:limit]

    def __len__(self) -> int:
        return len(self._ids)

    def _newest_first(self, before: int | None) -> Iterator[StoredMail]:
        with self._lock:
            ids = [number for number in self._ids if before is None or number < before]
        for number in reversed(ids):
            try:
                yield self.get(number)
            except NotFound:
                continue  # it made room meanwhile

    def _read_file(self, number: int) -> StoredMail:
        try:
            return read(number, _caught(self._path(number).read_bytes()))
        except FileNotFoundError as error:
            raise NotFound from error

    def _forget_oldest(self) -> None:
        while len(self._ids) > self._most:
            self._path(self._ids.pop(0)).unlink(missing_ok=True)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:08}.eml"


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all: a mail that was half written when the machine stopped is not a mail."""
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def _head(caught: CaughtMail) -> bytes:
    head = {
        "from": caught.envelope_from,
        "to": list(caught.envelope_to),
        "received_at": caught.received_at.isoformat(),
    }
    return json.dumps(head).encode() + b"\n"


def _caught(content: bytes) -> CaughtMail:
    line, raw = content.split(b"\n", 1)
    head = json.loads(line)
    received_at = datetime.fromisoformat(head["received_at"])
    return CaughtMail(head["from"], tuple(head["to"]), raw, received_at)
