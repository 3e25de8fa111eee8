"""Enrollments that ended stand again where they stood: an act that ended them is undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.enrollments.models import EnrollmentState as E
from sales_campaigns.enrollments.states import ENROLLMENT, UNDER_WAY
from sales_campaigns.lifecycle import move_many
from sales_campaigns.messages.holds import release, stop
from sales_campaigns.unit_of_work import UnitOfWork

STOPS = {E.PAUSED: "pause", E.HELD: "hold"}


def stand_again(uow: UnitOfWork, stood: Mapping[int, Sequence[str]]) -> list[int]:
    """Those that were under way: `stood` maps an enrollment to its state and why. What is active still has to go on."""
    ids = [id for id, (state, _) in stood.items() if state in UNDER_WAY]
    back = move_many(
        uow.session, ENROLLMENT, Enrollment, "take_back", Enrollment.id.in_(ids), why="", ended_at=None
    )
    release(uow.session, "enrollment", back)
    for id in back:
        state, why = stood[id]
        if event := STOPS.get(E(state)):
            move_many(uow.session, ENROLLMENT, Enrollment, event, Enrollment.id == id, why=why)
            stop(uow.session, "enrollment", [id], why)
    uow.session.expire_all()
    return back
