"""Whatever is sent to any operation: no 5xx, no undocumented status, no answer of another shape.

The requests are made from the document itself, valid and not, as a rep and as an administrator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy.engine import Engine

from tests.api.conftest import Program
from tests.cast import Cast
from tests.databases import empty
from tests.pages.test_every_route import Ids, ids
from tests.shards import SHARD, Shard
from web.api.protocol.document import document_of
from web.api.rooms import AREAS

__all__ = ["ids"]
CHECKS = [  # 502 is documented where a service outside is asked; any other 5xx is not
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EVERYTHING = Shard()
QUIET = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


@pytest.fixture
def engine(sqlite_engine: Engine) -> Iterator[Engine]:
    """One database: what a request may look like does not depend on it."""
    yield sqlite_engine
    empty(sqlite_engine)


def ask_everything(app: Flask, headers: dict[str, str], examples: int, part: Shard = EVERYTHING) -> list[str]:
    """Every operation of this part with so many requests; what went wrong, in words."""
    schema = schemathesis.openapi.from_dict(document_of(AREAS))
    schema.app = app
    wrong: list[str] = []
    operations = [found.ok() for found in schema.get_all_operations()]
    for operation in operations[part.number - 1 :: part.of]:
        asked = _asking(operation, headers, examples, wrong)
        asked()
    return wrong


def _asking(operation: Any, headers: dict[str, str], examples: int, wrong: list[str]) -> Callable[[], None]:
    @given(case=operation.as_strategy())
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=QUIET,
        derandomize=True,
    )
    def ask(case: Any) -> None:
        _stay_at_home(case.body)
        answer = case.call(headers={**headers, "If-Match": "*"})
        try:
            case.validate_response(answer, checks=CHECKS)
        except Exception as failure:
            wrong.append(f"{operation.method} {operation.path}: {failure}"[:1500])

    return ask


def _stay_at_home(body: Any) -> None:
    """No server is looked for by a name that was made up."""
    if isinstance(body, dict) and isinstance(body.get("host"), str):
        body["host"], body["port"] = "127.0.0.1", 9


@pytest.mark.parametrize("who", ["rep", "administrator"])
def test_no_request_breaks_it(
    app: Flask, program: Callable[..., Program], cast: Cast, ids: Ids, who: str
) -> None:
    asker = program(cast.ana if who == "rep" else cast.cleo)
    wrong = ask_everything(app, {"Authorization": f"Bearer {asker.token}"}, 2)
    assert not wrong, "\n".join(wrong[:5])


@pytest.mark.deep
@pytest.mark.parametrize("who", ["rep", "administrator"])
def test_no_request_breaks_it_however_many(
    app: Flask, program: Callable[..., Program], cast: Cast, ids: Ids, who: str
) -> None:
    asker = program(cast.ana if who == "rep" else cast.cleo)
    wrong = ask_everything(app, {"Authorization": f"Bearer {asker.token}"}, 200, SHARD)
    assert not wrong, "\n".join(wrong[:5])
