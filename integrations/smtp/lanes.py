"""Several connections of one mailbox, driven side by side in one thread.

Each carries a dialogue of its own; whichever has heard something goes on. Writing waits for the socket,
which takes a usual mail at once; reading never holds up the others.
"""

from __future__ import annotations

import select
from collections import deque
from collections.abc import Iterator, Sequence

from integrations.smtp.connection import Connection
from integrations.smtp.dialogue import Check, Line, Read, Write, converse, refused_as
from integrations.smtp.replies import Lost, Reply
from sales_campaigns.clock import machine_seconds
from sales_campaigns.ports import HandOver, OutgoingMail

_MINE = 2  # mails a lane takes from the queue: the one at hand, and the one whose envelope goes ahead


class Lane:
    """One connection with its dialogue, and the mails it took from the common queue."""

    def __init__(self, connection: Connection, line: Line) -> None:
        self.connection = connection
        self.line = line
        self.deadline = 0.0
        self.busy = False

    def begin(self, queue: deque[OutgoingMail]) -> Iterator[HandOver]:
        self._queue = queue
        self._mine: deque[OutgoingMail] = deque()
        self._take_mails()
        self._talk = converse(self.line, self._mine)
        self.busy = True
        return self._go_on(None)

    def hear(self) -> Iterator[HandOver]:
        """Something has arrived: take it, and go on once it is a whole reply."""
        try:
            self.connection.receive()
            answer: Reply | Lost | None = self.connection.at_hand()
        except Lost as lost:
            answer = lost
        return self._go_on(answer) if answer else iter(())

    def give_up(self) -> Iterator[HandOver]:
        return self._go_on(Lost("the mail server did not answer in time"))

    def _go_on(self, answer: Reply | Lost | None) -> Iterator[HandOver]:
        """Follow the dialogue up to the next reply that is still to come, passing its outcomes on."""
        while True:
            try:
                step = self._talk.throw(answer) if isinstance(answer, Lost) else self._talk.send(answer)
            except StopIteration:
                self._finish()
                return
            if isinstance(step, HandOver):
                yield step
                self._take_mails()
                answer = None
                continue
            answer = self._do(step)
            if answer is None and isinstance(step, Read):
                self.deadline = machine_seconds() + step.seconds
                return

    def _do(self, step: Write | Read | Check) -> Reply | Lost | None:
        try:
            if isinstance(step, Read):
                return self.connection.at_hand()
            if isinstance(step, Write):
                self.connection.write(step.data)
            elif self.connection.ended:
                return Lost("the mail server ended the connection")
        except Lost as lost:
            return lost
        return None

    def _take_mails(self) -> None:
        while self._queue and len(self._mine) < _MINE:
            self._mine.append(self._queue.popleft())

    def _finish(self) -> None:
        self.busy = False
        self._queue.extendleft(reversed(self._mine))


def side_by_side(lanes: Sequence[Lane], queue: deque[OutgoingMail]) -> Iterator[HandOver]:
    """Empty the queue over these lanes. What is left in it when they all have ended was not sent."""
    for lane in lanes:
        yield from lane.begin(queue)
        yield from _turned_away(lane, queue)
    sockets = {lane.connection.number: lane for lane in lanes}
    poll = select.poll()
    for number in sockets:
        poll.register(number, select.POLLIN)
    while any(lane.busy for lane in lanes):
        for number in _heard(poll, lanes):
            yield from sockets[number].hear()
            yield from _turned_away(sockets[number], queue)
            if not sockets[number].busy:
                poll.unregister(number)
        yield from _overdue(lanes)


def _heard(poll: select.poll, lanes: Sequence[Lane]) -> list[int]:
    deadline = min(lane.deadline for lane in lanes if lane.busy)
    wait = max(0.0, deadline - machine_seconds())
    return [number for number, _ in poll.poll(wait * 1_000 + 1)]


def _overdue(lanes: Sequence[Lane]) -> Iterator[HandOver]:
    now = machine_seconds()
    for lane in lanes:
        if lane.busy and lane.deadline <= now:
            yield from lane.give_up()


def _turned_away(lane: Lane, queue: deque[OutgoingMail]) -> Iterator[HandOver]:
    """What the server said to one lane about the whole mailbox holds for all that was not offered yet."""
    refused = lane.line.closed_to_all
    while refused and queue:
        yield refused_as(queue.popleft(), refused)
