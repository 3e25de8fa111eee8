"""Nothing is handed over once a pause has returned, however many dispatchers are at work."""

from __future__ import annotations

from sales_campaigns.messages.dispatching import PostRoom
from tests.cast import Cast
from tests.sink import Sink
from tests.torture.pauses import pause_while_sending


def test_nothing_begins_after_a_pause_has_returned(room: PostRoom, cast: Cast, sink: Sink) -> None:
    assert pause_while_sending(room, cast, sink, rounds=10, people=20, seed=1) == []
