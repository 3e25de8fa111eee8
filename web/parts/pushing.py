"""Server-sent events: a stream that looks for news every so often, ends by itself, and never takes every thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Event, Lock

from flask import Response, current_app, stream_with_context

from sales_campaigns.clock import machine_seconds
from web.request_scope import settings

LONGEST = 300.0  # seconds; the browser connects again by itself
LOOK = 2.0
BREATH = 10.0  # a comment at least so often tells a dead connection from a quiet one
RETRY_AFTER = 30


@dataclass
class Places:
    """How many streams may be open: half of the server's threads, so that pages always find one."""

    most: int
    taken: int = 0

    def __post_init__(self) -> None:
        self._lock = Lock()

    def take(self) -> bool:
        with self._lock:
            free = self.taken < self.most
            self.taken += free
            return free

    def give_back(self) -> None:
        with self._lock:
            self.taken -= 1


def push(news: Callable[[], Iterator[str]]) -> Response:
    """Stream what `news` gives at every look, as data of one event each; 503 when all places are taken."""
    places = _places()
    if not places.take():
        return Response("Too many streams are open.", 503, {"Retry-After": str(RETRY_AFTER)})
    response = Response(stream_with_context(_events(news)), mimetype="text/event-stream")
    response.headers["X-Accel-Buffering"] = "no"
    response.call_on_close(places.give_back)
    return response


def _events(news: Callable[[], Iterator[str]]) -> Iterator[str]:
    pause, began = Event(), machine_seconds()
    spoke = began
    yield "retry: 3000\n: here\n\n"
    while machine_seconds() - began < LONGEST:
        for item in news():
            spoke = machine_seconds()
            yield _event(item)
        if machine_seconds() - spoke >= BREATH:
            spoke = machine_seconds()
            yield ":\n\n"
        pause.wait(LOOK)


def _event(item: str) -> str:
    """One event; every line of it is marked as data (the HTML standard, section 9.2.6)."""
    return "".join(f"data: {line}\n" for line in item.splitlines()) + "\n"


def _places() -> Places:
    places: Places = current_app.extensions.setdefault("streams", Places(settings().web_threads // 2))
    return places
