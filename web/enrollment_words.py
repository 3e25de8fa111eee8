"""The states of a person in a campaign, as pages show them: the word, and the kind of its tag."""

from __future__ import annotations

from sales_campaigns.enrollments.models import EnrollmentState

STATES: dict[EnrollmentState, tuple[str, str]] = {
    EnrollmentState.ACTIVE: ("On the way", "ok"),
    EnrollmentState.PAUSED: ("Paused", "hot"),
    EnrollmentState.HELD: ("Held", "bad"),
    EnrollmentState.FINISHED: ("Finished", ""),
    EnrollmentState.ENDED: ("Ended", ""),
}
