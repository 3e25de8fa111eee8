"""Several connections of one mailbox, driven side by side in one thread.

Each carries a dialogue of its own; whichever has heard something goes on. Writing waits for the socket,
which takes a usual mail at once; reading never holds up the others.
"""

from __future__ import annotations

import select
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from integrations.smtp.connection import Connection
from integrations.smtp.dialogue import Asking, Check, Line, Read, Write, converse, refused_as
from integrations.smtp.flow import next_write, settle, yes_to_all
from integrations.smtp.replies import Lost, Reply
from sales_campaigns.clock import machine_seconds
from sales_campaigns.ports import HandOver, OutgoingMail

_MINE = 2  # mails a lane takes from the queue: the one at hand, and the one whose envelope goes ahead


class Lane:
    """One connection with its dialogue, and the mails it took from the common queue.

    The dialogue is left off while mails take their usual course, and taken up where something else happens.
    """

    _talk: Asking[None] | None

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
        return self._go_on(self._talk, None)

    def hear(self) -> Iterator[HandOver]:
        """Something has arrived: take it, and go on once it is a whole reply."""
        try:
            heard = self.connection.arrived()
            yes = yes_to_all(self.line, heard) if self.connection.between else None
            if yes is not None:
                return self._flow(yes)
            self.connection.feed(heard)
            answer: Reply | Lost | None = self.connection.at_hand()
        except Lost as lost:
            answer = lost
        return self._go_on(self._taken_up(), answer) if answer else iter(())

    def give_up(self) -> Iterator[HandOver]:
        return self._go_on(self._taken_up(), Lost("the mail server did not answer in time"))

    def _flow(self, yes: Reply) -> Iterator[HandOver]:
        self._talk = None
        yield settle(self.line, self._mine, yes)
        self._take_mails()
        data = b"" if self.connection.ended else next_write(self.line, self._mine)
        try:
            self.connection.write(data)
        except Lost:
            self.line.out = self.line.out and self.line.out._replace(whole=False)
            data = b""
        if data:
            self.deadline = machine_seconds() + self.line.final_reply_seconds
        else:
            self._talk = converse(self.line, self._mine)
            yield from self._go_on(self._talk, None)

    def _taken_up(self) -> Asking[None]:
        """The dialogue where it waits for a reply: that to a body, where the mails had come by their usual course."""
        if self._talk is None:
            self._talk = converse(self.line, self._mine)
            next(self._talk)
        return self._talk

    def _go_on(self, talk: Asking[None], answer: Reply | Lost | None) -> Iterator[HandOver]:
        """Follow the dialogue up to the next reply that is still to come, passing its outcomes on."""
        while True:
            try:
                step = talk.throw(answer) if isinstance(answer, Lost) else talk.send(answer)
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
    busy = {lane.connection.number: lane for lane in lanes if lane.busy}
    poll = select.poll()
    for number in busy:
        poll.register(number, select.POLLIN)
    until = _first_deadline(busy.values())
    while busy:
        for number, _ in poll.poll(max(0.0, until - machine_seconds()) * 1_000 + 1):
            lane = busy[number]
            yield from lane.hear()
            until = min(until, lane.deadline)
            if lane.line.closed_to_all:
                yield from _turned_away(lane, queue)
        if until <= machine_seconds():
            yield from _overdue(busy.values())
            until = _first_deadline(busy.values())
        for number in [number for number, lane in busy.items() if not lane.busy]:
            poll.unregister(number)
            del busy[number]


def _first_deadline(lanes: Iterable[Lane]) -> float:
    return min((lane.deadline for lane in lanes if lane.busy), default=0.0)


def _overdue(lanes: Iterable[Lane]) -> Iterator[HandOver]:
    now = machine_seconds()
    for lane in lanes:
        if lane.busy and lane.deadline <= now:
            yield from lane.give_up()


def _turned_away(lane: Lane, queue: deque[OutgoingMail]) -> Iterator[HandOver]:
    """What the server said to one lane about the whole mailbox holds for all that was not offered yet."""
    refused = lane.line.closed_to_all
    while refused and queue:
        yield refused_as(queue.popleft(), refused)
