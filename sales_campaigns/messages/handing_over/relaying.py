"""Batches on their way: one is handed over by another thread while the next one is taken.

    due ──take──▶ let through ──begin──▶ in hand ──finish──▶ answered ──▶ recorded
                  at most one            at most one                      with the next take
                       └── never begun: put back

What is let through and not handed over is never more than these two. Nothing but the provider and the journal is used
by both threads. Without a second thread a batch has been handed over before the next one is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from types import TracebackType
from typing import Self

from sales_campaigns.messages.handing_over.way_out import Batch


class Hands:
    """One batch at a time. `hand_over` may run in another thread (`beside`), `answered` is called in this one.

    Whatever happens, a batch that was begun is finished, and what was answered of it is told, also where handing over
    raises: that is raised by `finish`, or at the end of the block.
    """

    def __init__(
        self, hand_over: Callable[[Batch], None], answered: Callable[[Batch], None], *, beside: bool
    ) -> None:
        self._hand_over = hand_over
        self._answered = answered
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="handing over") if beside else None
        self._in_hand: tuple[Batch, Future[None]] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _why: BaseException | None, _where: TracebackType | None
    ) -> None:
        try:
            self.finish()
        finally:
            if self._thread is not None:
                self._thread.shutdown()

    def begin(self, batch: Batch) -> None:
        """Hand it over; nothing else may be in hand."""
        assert self._in_hand is None, "one batch at a time"
        if self._thread is None:
            try:
                self._hand_over(batch)
            finally:
                self._answered(batch)
        else:
            self._in_hand = batch, self._thread.submit(copy_context().run, self._hand_over, batch)

    def finish(self) -> None:
        """Wait for what is in hand."""
        if self._in_hand is None:
            return
        (batch, ended), self._in_hand = self._in_hand, None
        try:
            ended.result()
        finally:
            self._answered(batch)
