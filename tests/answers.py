"""What pages and the API answer, as tests read it."""

from __future__ import annotations

from typing import Any

from werkzeug.test import TestResponse


class Answer(TestResponse):
    """Of `json` a test asks field by field: what is none fails right there."""

    json: Any
