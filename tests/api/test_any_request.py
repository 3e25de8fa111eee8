"""Whatever is sent to any operation: no 5xx, no undocumented status, no answer of another shape.

The requests are made from the document itself, valid and not, and sent as a rep and as an administrator. Each is taken
back, so that the next one finds every row as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.result import Err, Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy.engine import Engine

from tests.api.conftest import Program
from tests.cast import Cast
from tests.databases import empty
from tests.pages.test_bad_input import taken_back
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


def sound(found: Ok[Any] | Err[Any]) -> Any:
    """The operation; one whose schema cannot be read is not passed over."""
    assert isinstance(found, Ok), found
    return found.ok()


def ask_everything(
    app: Flask, engine: Engine, askers: Sequence[Program], examples: int, part: Shard = EVERYTHING
) -> list[str]:
    """Every operation of this part with so many requests, each as each of them; what went wrong, in words."""
    # A copy: bodies are made of its parts, and `_stay_at_home` changes them.
    schema = schemathesis.openapi.from_dict(deepcopy(document_of(AREAS)))
    schema.app = app
    wrong: list[str] = []
    operations = [sound(found) for found in schema.get_all_operations()]
    for operation in operations[part.number - 1 :: part.of]:
        _asking(app, engine, askers, operation, examples, wrong)()
    return wrong


def _asking(
    app: Flask, engine: Engine, askers: Sequence[Program], operation: Any, examples: int, wrong: list[str]
) -> Callable[[], None]:
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
        for asker in askers:
            with taken_back(app, engine):
                answer = case.call(headers={"Authorization": f"Bearer {asker.token}", "If-Match": "*"})
            try:
                case.validate_response(answer, checks=CHECKS)
            except Exception as failure:
                wrong.append(f"{operation.method} {operation.path}: {failure}"[:1500])

    return ask


def _stay_at_home(body: Any) -> None:
    """No server is looked for by a name that was made up."""
    if isinstance(body, dict) and isinstance(body.get("host"), str):
        body["host"], body["port"] = "127.0.0.1", 9


def test_no_request_breaks_it(
    app: Flask, engine: Engine, program: Callable[..., Program], cast: Cast, ids: Ids
) -> None:
    wrong = ask_everything(app, engine, [program(cast.ana), program(cast.cleo)], 5)
    assert not wrong, "\n".join(wrong[:5])


@pytest.mark.deep
def test_no_request_breaks_it_however_many(
    app: Flask, engine: Engine, program: Callable[..., Program], cast: Cast, ids: Ids
) -> None:
    wrong = ask_everything(app, engine, [program(cast.ana), program(cast.cleo)], 200, SHARD)
    assert not wrong, "\n".join(wrong[:5])
