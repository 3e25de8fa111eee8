"""When every step of an enrollment happens: pure, from the outline, the start and what has ended so far."""

from sales_campaigns.campaigns.planner.capacity import share_out
from sales_campaigns.campaigns.planner.effects import Caution, effect_sentence, warnings
from sales_campaigns.campaigns.planner.outline import (
    Assumptions,
    Calendar,
    IfPast,
    Outcome,
    Outline,
    Over,
    SendOption,
    Start,
    StepKind,
    StepOutline,
    Window,
)
from sales_campaigns.campaigns.planner.places import Places, Seeker, find_places
from sales_campaigns.campaigns.planner.placing import Planned
from sales_campaigns.campaigns.planner.planning import done_at, later_day, next_slot, plan, skip_at, slip
from sales_campaigns.campaigns.planner.spots import Moved

__all__ = [
    "Assumptions",
    "Calendar",
    "Caution",
    "IfPast",
    "Moved",
    "Outcome",
    "Outline",
    "Over",
    "Places",
    "Planned",
    "Seeker",
    "SendOption",
    "Start",
    "StepKind",
    "StepOutline",
    "Window",
    "done_at",
    "effect_sentence",
    "find_places",
    "later_day",
    "next_slot",
    "plan",
    "share_out",
    "skip_at",
    "slip",
    "warnings",
]
