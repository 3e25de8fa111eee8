"""The hand-over journal: what this process began and what it was answered, written before and after each body.

One file for one batch, kept by the kernel when the process is killed, deleted when the batch is written down. Whoever
finds one whose process is gone reads from it what the rows cannot say: never begun, answered, or really uncertain.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import structlog

from sales_campaigns.errors import Outside, OutsideKind
from sales_campaigns.messages.handing_over.claiming import Claim
from sales_campaigns.ports import HandOver

log = structlog.get_logger()

_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass
class Left:
    """What a journal says. Keys are message ids, values generations, or the answer as it was given."""

    owner: str
    gated: dict[int, int] = field(default_factory=dict)
    begun: set[int] = field(default_factory=set)
    answered: dict[int, HandOver] = field(default_factory=dict)


class Journal:
    """Appends lines, whole ones in one write, so that a killed process leaves whole lines.

    A yes may wait for the next beginning, and is written with it: whoever is killed in between leaves in doubt the mail
    of a connection that has begun no other. Where a line cannot be written (a full disk), the file is gone at once: it
    would call a mail never begun that was. One thread may note what the gate lets through while another hands over.
    """

    def __init__(self, descriptor: int, path: Path) -> None:
        self._descriptor = descriptor
        self._path = path
        self._void = False
        self._said = b""
        self._one_line = threading.Lock()

    def is_of(self, owner: str, boot: str) -> None:
        """Its first line."""
        self._write({"owner": owner, "boot": boot})

    def gates(self, claims: Iterable[Claim]) -> None:
        """Before the gate: these may be let through when its transaction stands."""
        self._write({"gates": {one.message_id: one.generation for one in claims}})

    def begins(self, message_id: int) -> None:
        """Before the first byte of its body is written."""
        said, self._said = self._said, b""
        self._append(b'%s{"begins": %d}\n' % (said, message_id))

    def answers(self, hand_over: HandOver) -> None:
        """A yes waits for `begins` or `tell`; everything else may be about a mail that had not begun."""
        if hand_over.refused is None:
            self._said += _yes(hand_over)
        else:
            self.tell()
            self._append(_no(hand_over, hand_over.refused))

    def tell(self) -> None:
        """Write what waits."""
        if self._said:
            said, self._said = self._said, b""
            self._append(said)

    def _write(self, line: dict[str, object]) -> None:
        self._append(_line(line))

    def _append(self, line: bytes) -> None:
        with self._one_line:
            if self._void or _is_written(self._descriptor, line):
                return
            self._path.unlink(missing_ok=True)
            self._void = True
        log.warning("a journal cannot be written", path=str(self._path))


def _line(said: dict[str, object]) -> bytes:
    return json.dumps(said).encode() + b"\n"


def _yes(one: HandOver) -> bytes:
    if one.provider_id is None and one.thread_id is None and one.code is not None:
        # As below, but for what it takes to find out what it is made of: this is said for every mail.
        confirms = b"true" if one.confirms else b"false"
        reply = json.dumps(one.reply).encode()
        return b'{"answers": [%d, %s, %d, null, null, null, %s]}\n' % (one.key, reply, one.code, confirms)
    return _line(
        {"answers": [one.key, one.reply, one.code, None, one.provider_id, one.thread_id, one.confirms]}
    )


def _no(one: HandOver, why: Outside) -> bytes:
    said = [why.kind, why.words, why.code, why.enhanced]
    return _line({"answers": [one.key, one.reply, one.code, said, one.provider_id, one.thread_id]})


def _is_written(descriptor: int, line: bytes) -> bool:
    try:
        return os.write(descriptor, line) == len(line)
    except OSError:
        return False


@contextmanager
def journal_in(folder: Path | None, owner: str) -> Iterator[Journal | None]:
    """A journal for one batch; None where none can be made, or where a restart of the machine could not be told.

    A machine that went down may have lost its last lines, so a journal counts for one boot only.
    """
    boot = _boot()
    if folder is None or not boot:
        yield None
        return
    path = folder / f"{uuid4().hex}.journal"
    descriptor = _made(path)
    if descriptor is None:
        yield None
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # the kernel gives it back however the process ends
        journal = Journal(descriptor, path)
        journal.is_of(owner, boot)
        try:
            yield journal
        finally:
            journal.tell()
        path.unlink(missing_ok=True)  # not when the block raised: then something may not be written down
    finally:
        os.close(descriptor)


def _made(path: Path) -> int | None:
    """Sending goes on where there is no room for one: more stays in doubt if this process is killed."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        log.warning("a journal cannot be made", path=str(path), reason=error.strerror)
        return None


@contextmanager
def left_behind(path: Path) -> Iterator[Left | None]:
    """What a dead process of this boot left; the file is gone after the block. None for one that lives or is older."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        yield None
        return
    try:
        left = _read(descriptor) if _is_free(descriptor) else None
        yield left
        if left is not None:
            path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _is_free(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _read(descriptor: int) -> Left | None:
    lines = list(_lines(descriptor))
    if not lines or lines[0].get("boot") != _boot():
        return None
    left = Left(lines[0]["owner"])
    for line in lines[1:]:
        left.gated.update((int(id), generation) for id, generation in line.get("gates", {}).items())
        if "begins" in line:
            left.begun.add(line["begins"])
        if "answers" in line:
            left.answered[line["answers"][0]] = _answer(*line["answers"])
    return left


def _lines(descriptor: int) -> Iterator[dict[str, Any]]:
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        written = file.read()
    for line in written.split(b"\n"):
        with suppress(ValueError):  # a torn last line: what it announced had not happened yet
            yield json.loads(line)


def _answer(
    key: int,
    reply: str,
    code: int | None,
    said: list[Any] | None,
    provider_id: str | None,
    thread_id: str | None,
    confirms: bool = False,  # not in journals of older versions
) -> HandOver:
    refused = None
    if said is not None:
        kind, words, number, enhanced = said
        refused = Outside(OutsideKind(kind), words, code=number, enhanced=enhanced)
    return HandOver(key, reply, code, refused, provider_id, thread_id, confirms)


def _boot() -> str:
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return ""
