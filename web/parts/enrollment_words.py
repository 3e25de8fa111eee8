"""The states of a person in a campaign, as pages show them: the word, the kind of its tag, and why it is so."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask import Flask

from sales_campaigns.enrollments.models import Enrollment, EnrollmentState
from web.filters import day_words

STATES: dict[EnrollmentState, tuple[str, str]] = {
    EnrollmentState.ACTIVE: ("On the way", "ok"),
    EnrollmentState.PAUSED: ("Paused", "hot"),
    EnrollmentState.HELD: ("Held", "bad"),
    EnrollmentState.FINISHED: ("Finished", ""),
    EnrollmentState.ENDED: ("Ended", ""),
}


def standing(enrollment: Enrollment) -> str:
    """Why it stands as it does: “out of office until Mon 7 Dec”, the day where the person is."""
    if enrollment.resume_at is None or enrollment.state is not EnrollmentState.PAUSED:
        return enrollment.why
    return f"{enrollment.why} until {day_words(enrollment.resume_at.astimezone(ZoneInfo(enrollment.zone)))}"


def install(app: Flask) -> None:
    app.jinja_env.filters["standing"] = standing
