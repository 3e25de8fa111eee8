"""Two at the same moment: one wins, the other is told so, and nothing happens twice or never."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from sales_campaigns.messages.handing_over.dispatching import PostRoom
from tests.cast import Cast
from tests.sink import Sink
from tests.torture import races
from tests.torture.unsubscribes import unsubscribe_while_sending

PEOPLE = [races.complete_twice, races.both_mails_end, races.launch_twice]
SENDING = [races.undo_while_it_leaves, races.end_while_sending]


@pytest.mark.parametrize("race", PEOPLE)
def test_of_two_people_one_wins(
    race: Callable[[PostRoom, Cast], list[str]], room: PostRoom, cast: Cast, sink: Sink
) -> None:
    assert [race(room, cast) for _ in range(5)] == [[]] * 5


@pytest.mark.parametrize("race", SENDING)
def test_a_person_and_a_dispatcher_never_both_win(
    race: Callable[[PostRoom, Cast, Sink, random.Random], list[str]], room: PostRoom, cast: Cast, sink: Sink
) -> None:
    chance = random.Random(1)
    assert [race(room, cast, sink, chance) for _ in range(5)] == [[]] * 5


def test_whoever_unsubscribed_gets_no_mail_and_nobody_waits_for_each_other(
    room: PostRoom, cast: Cast, sink: Sink
) -> None:
    cast.ana.can_prepare = cast.ana.can_start = True
    assert unsubscribe_while_sending(room, cast, sink, rounds=3, seed=1) == []
