"""What pages and the API answer, as tests read it."""

from __future__ import annotations

from typing import Any, cast

from werkzeug.test import TestResponse


class Answer(TestResponse):
    """Of `json` a test asks field by field: what is none fails right there."""

    json: Any


def answer_of(given: TestResponse) -> Answer:
    return cast(Answer, given)
