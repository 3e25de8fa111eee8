"""How the runs of a continuous delivery are spoken of."""

from __future__ import annotations

from sales_campaigns.deliveries.continuous.models import IncrementState as S

# state → (label, colour of its tag)
INCREMENTS = {
    S.PREPARING: ("Preparing", "info"),
    S.WAITING: ("Waits for a confirmation", "hot"),
    S.RELEASED: ("Taken", "ok"),
    S.DROPPED: ("Dropped", ""),
    S.FAILED: ("Failed", "bad"),
}
