"""A real SMTP server on loopback that keeps what it is sent, for the demo and for trying things out."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from integrations.catcher.server import Catcher, CaughtMail
from integrations.catcher.store import MailStore
from integrations.catcher.threads import StoredMail, Thread

__all__ = ["Catcher", "CaughtMail", "MailStore", "StoredMail", "Thread", "catching"]


@contextmanager
def catching(store: MailStore, port: int = 0, told: Callable[[int], None] | None = None) -> Iterator[int]:
    """Catch into `store` while the block lasts, on `port` or a free one; `told` hears which."""
    with Catcher("127.0.0.1", port, store.add) as catcher:
        if told is not None:
            told(catcher.port)
        yield catcher.port
