"""Which gate binds: the first that waits for an event, else the one that stops it, else the latest instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_campaigns.messages.explaining.trace import Gate, Stand, trace_of

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)


def until(name: str, hours: int) -> Gate:
    return Gate(name, "", "", Stand.WAITS, until=NOW + timedelta(hours=hours))


def event(name: str) -> Gate:
    return Gate(name, "", "", Stand.WAITS, event=f"{name} is over")


def stops(name: str) -> Gate:
    return Gate(name, "", "", Stand.STOPS, event="is cancelled")


def passed(name: str) -> Gate:
    return Gate(name, "", "")


TABLE: list[tuple[list[Gate], str, str, int | None]] = [
    ([passed("a"), until("b", 2)], "b", "leaves", 2),
    ([until("a", 2), until("b", 5), until("c", 3)], "b", "leaves", 5),
    ([until("a", 2), until("b", 2)], "b", "leaves", 2),  # the later one moved it there
    ([until("a", 2), event("b"), event("c")], "b", "leaves", None),
    ([stops("a"), event("b")], "b", "leaves", None),  # it is not even looked at before
    ([until("a", 2), stops("b")], "b", "is cancelled", 2),
    ([stops("a"), stops("b")], "a", "is cancelled", 0),
]


@pytest.mark.parametrize(("gates", "name", "does", "hours"), TABLE)
def test_the_gate_that_decides_the_moment_binds(
    gates: list[Gate], name: str, does: str, hours: int | None
) -> None:
    trace = trace_of(gates, "leaves", NOW)
    assert trace.binding is not None and (trace.binding.name, trace.does) == (name, does)
    assert trace.at == (None if hours is None else NOW + timedelta(hours=hours))


def test_what_hangs_on_an_event_tells_the_date_as_things_stand() -> None:
    trace = trace_of([event("a"), until("b", 4)], "leaves", NOW)
    assert trace.expected == NOW + timedelta(hours=4)
    assert trace.moment == ("leaves", None, "a is over")


GATES = st.lists(
    st.one_of(
        st.builds(until, st.text("ab", min_size=1), st.integers(1, 9)),
        *(st.builds(make, st.text("ab", min_size=1)) for make in (event, stops, passed)),
    ),
    min_size=1,
)


@given(GATES)
def test_whatever_waits_has_exactly_one_binding_gate_and_without_it_another_moment_or_reason(
    gates: list[Gate],
) -> None:
    trace = trace_of(gates, "leaves", NOW)
    closed = [gate for gate in gates if gate.stand is not Stand.PASSED]
    assert (trace.binding is None) == (not closed)
    if trace.binding is not None:
        assert any(gate is trace.binding for gate in closed)
        without = trace_of([gate for gate in gates if gate is not trace.binding], "leaves", NOW)
        assert without.binding is not trace.binding
        assert trace.at is None or without.at is None or without.at <= trace.at
