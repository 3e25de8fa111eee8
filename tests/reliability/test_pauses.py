"""Nothing is handed over once a pause has returned, however many dispatchers are at work."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.messages.dispatching import PostRoom
from tests.cast import Cast
from tests.conftest import Work
from tests.sink import Sink
from tests.torture.pauses import pause_while_sending


@pytest.mark.parametrize("bulk", [False, True])
def test_nothing_begins_after_a_pause_has_returned(
    bulk: bool, room: PostRoom, cast: Cast, sink: Sink, work: Work
) -> None:
    """Also where a bulk lane gates several at once."""
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(bulk_lane=bulk))
    assert pause_while_sending(room, cast, sink, rounds=10, people=20, seed=1) == []
