"""The same for many: what became of each, where some cannot be done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sales_campaigns.errors import NotFound, Refusal
from web.api.protocol.shapes import Result, Results
from web.errors import status_of

MISSING = NotFound()


def results_of(ids: Iterable[int], refused: Mapping[int, Refusal]) -> Results:
    """One result for each id, in the order they were given; those that are not in `refused` were done."""
    return Results(results=[_result(one, refused.get(one)) for one in ids])


def missing(ids: Iterable[int], found: Iterable[int]) -> dict[int, Refusal]:
    """Those that are not there, or not the actor's to see."""
    return dict.fromkeys(set(ids) - set(found), MISSING)


def _result(one: int, refusal: Refusal | None) -> Result:
    if refusal is None:
        return Result(id=one, ok=True, status=200)
    return Result(id=one, ok=False, status=status_of(refusal), detail=refusal.words)
