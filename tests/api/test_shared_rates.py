"""How often a token may ask holds for all web processes together, where there are several: on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Thread

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sales_campaigns.api_access.models import ApiRate, ApiToken
from tests.api.conftest import a_token
from tests.cast import Cast
from tests.conftest import Work
from tests.databases import empty
from web.api.protocol.rates import SharedRates


@pytest.fixture
def engine(postgresql_engine: Engine) -> Iterator[Engine]:
    yield postgresql_engine
    empty(postgresql_engine)


@pytest.fixture
def token_id(work: Work, cast: Cast) -> int:
    a_token(work, cast.ana)
    with work() as uow:
        return uow.session.scalars(sa.select(ApiToken.id)).one()


def test_two_processes_give_one_token_no_more_than_one_would(engine: Engine, token_id: int) -> None:
    processes = [SharedRates(lambda: engine, 60) for _ in range(2)]
    taken = [processes[number % 2].take(token_id) for number in range(61)]
    assert [one.passes for one in taken] == [True] * 60 + [False]
    assert (taken[0].left, taken[0].headers["RateLimit-Limit"]) == (59, "60")
    assert taken[-1].headers["Retry-After"] == "1"


def test_at_once_it_is_no_more_either(engine: Engine, token_id: int) -> None:
    passed: list[bool] = []

    def ask() -> None:
        rates = SharedRates(lambda: engine, 60)
        passed.extend(rates.take(token_id).passes for _ in range(20))

    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 60 <= sum(passed) <= 62  # the bucket fills by one a second meanwhile


def test_after_a_while_there_is_room_again(engine: Engine, token_id: int, work: Work) -> None:
    rates = SharedRates(lambda: engine, 60)
    for _ in range(61):
        rates.take(token_id)
    with work() as uow:
        uow.session.execute(sa.update(ApiRate).values(at=ApiRate.at - sa.text("interval '30 seconds'")))
    assert rates.take(token_id).left == 29
