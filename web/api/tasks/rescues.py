"""Rescue: one act on a rep's overdue tasks."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from sales_campaigns.absence.models import RescueKind
from sales_campaigns.absence.rescuing import Wish, preview_rescue, rescue, undo_rescue
from sales_campaigns.accounts.listing import user_of
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, Done, Id, Shown
from web.request_scope import me, settings, work

api = Area("tasks", "")


class RescueAsked(Asked):
    """Whose overdue tasks, and what becomes of them."""

    user_id: Id | None = Field(None, description="Yourself where nobody is named.")
    how: RescueKind = RescueKind.SPREAD
    older_than: int = Field(0, ge=0, le=365, description="Only those that are overdue for so many days.")
    days: int = Field(5, ge=1, le=60, description="Over how many working days they are spread.")
    most: int = Field(40, ge=1, le=500, description="How many a day may have, with what is there.")

    def wish(self) -> Wish:
        user = me() if self.user_id is None else user_of(work().session, me(), self.user_id)
        return Wish(user, self.how, self.older_than, self.days, self.most)


class OfADay(Shown):
    day: date
    tasks: int
    there: int = Field(description="What the day holds already.")


class RescuePreview(Shown):
    number: int
    left: int = Field(description="For which there is no room.")
    by_day: list[OfADay]


class Rescued(Shown):
    id: int
    how: RescueKind
    number: int


@api.get("/tasks/rescue")
def preview_rescue_of_tasks(query: RescueAsked) -> RescuePreview:
    """What a rescue would do. Nothing is changed."""
    found = preview_rescue(work(), me(), query.wish())
    days = [
        OfADay(day=day, tasks=number, there=found.there.get(day, 0)) for day, number in found.by_day.items()
    ]
    return RescuePreview(number=found.number, left=found.left, by_day=days)


@api.post("/tasks/rescue", status=201, example={"how": "spread", "days": 5})
def rescue_tasks(body: RescueAsked) -> Rescued:
    """Spread the overdue tasks over the days to come, skip them, or clear them away."""
    row, number = rescue(work(), me(), body.wish(), settings().undo_seconds)
    return Rescued(id=row.id, how=row.how, number=number)


@api.post("/tasks/rescue/<int:rescue_id>/undo")
def undo_rescue_of_tasks(rescue_id: int) -> Done:
    """Take a rescue back, within the time for undoing."""
    number = undo_rescue(work(), me(), rescue_id)
    return Done(words="The tasks are as before.", count=number)
