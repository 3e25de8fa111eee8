"""One operation: path, method, what it takes and gives, whose right it needs; declared once, at its function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar, get_type_hints

from werkzeug.routing import Rule

from sales_campaigns.api_access.scopes import Scope
from web.api.protocol.shapes import Asked, Shown

Function = TypeVar("Function", bound=Callable[..., Any])
EVERY = (400, 401, 403, 404, 422, 429)
WRITES = (409, 413, 415)
EDITS = (412, 428)


@dataclass(frozen=True)
class Edits:
    """What an edit may overwrite: the row that is locked for it, and the operation that shows it as it is."""

    model: Any
    shown: Callable[..., Shown]


@dataclass(frozen=True, eq=False)
class Operation:
    """`file` names the media types of a body that is a file instead of JSON; `gives` those of an answer that is one."""

    area: str
    method: str
    path: str
    act: Callable[..., Any]
    scope: Scope
    status: int = 200
    edits: Edits | None = None
    outside: bool = False
    file: tuple[str, ...] = ()
    gives: str = ""
    example: Mapping[str, Any] | None = None

    @property
    def name(self) -> str:
        return self.act.__name__

    @cached_property
    def hints(self) -> Mapping[str, Any]:
        return get_type_hints(self.act, include_extras=True)

    @property
    def query(self) -> type[Asked] | None:
        return self.hints.get("query")

    @property
    def body(self) -> type[Asked] | None:
        return self.hints.get("body")

    @property
    def answer(self) -> type[Shown] | None:
        """None where the answer is empty, or a file."""
        given = self.hints["return"]
        return given if inspect.isclass(given) and issubclass(given, Shown) else None

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names in the path, in its order."""
        return tuple(name for name in inspect.signature(self.act).parameters if f"{name}>" in self.path)

    @property
    def writes(self) -> bool:
        return self.method != "GET"

    @property
    def tagged(self) -> bool:
        """Whether its answer carries a tag that an edit must know."""
        return self.answer is not None and not self.writes and "items" not in self.answer.model_fields

    @property
    def refusals(self) -> tuple[int, ...]:
        """Every status of an error that it may have."""
        found = [*EVERY]
        found += WRITES if self.writes else ()
        found += EDITS if self.edits else ()
        return tuple(sorted([*found, *([502] if self.outside else [])]))


@dataclass
class Area:
    """The operations of one subject. Tokens may be limited to some areas, by their names."""

    name: str
    words: str
    scope: Scope | None = None  # None: reading needs READ, everything else WRITE
    operations: list[Operation] = field(default_factory=list)

    def get(self, path: str, **more: Any) -> Callable[[Function], Function]:
        return self._declared("GET", path, Scope.READ, more)

    def post(self, path: str, **more: Any) -> Callable[[Function], Function]:
        return self._declared("POST", path, Scope.WRITE, more)

    def put(self, path: str, **more: Any) -> Callable[[Function], Function]:
        return self._declared("PUT", path, Scope.WRITE, more)

    def patch(self, path: str, **more: Any) -> Callable[[Function], Function]:
        return self._declared("PATCH", path, Scope.WRITE, more)

    def delete(self, path: str, **more: Any) -> Callable[[Function], Function]:
        return self._declared("DELETE", path, Scope.WRITE, {"status": 204, **more})

    def _declared(
        self, method: str, path: str, scope: Scope, more: Mapping[str, Any]
    ) -> Callable[[Function], Function]:
        def declare(act: Function) -> Function:
            needed = self.scope or scope
            self.operations.append(Operation(self.name, method, path, act, **{"scope": needed, **more}))
            return act

        return declare


def openapi_path(path: str) -> str:
    """The same path in the words of OpenAPI: {person_id} for <int:person_id>."""
    return "".join(
        f"{{{part.rpartition(':')[2]}}}" if is_name else part for is_name, part in _parts(Rule(path).rule)
    )


def _parts(path: str) -> list[tuple[bool, str]]:
    pieces = path.replace(">", "<").split("<")
    return [(place % 2 == 1, piece) for place, piece in enumerate(pieces)]
