"""`flask schedule` and `flask quarantine block`: what they tell and what they refuse."""

from __future__ import annotations

import json

from click.testing import Result
from flask import Flask

from tests.cast import Cast


def _run(app: Flask, *arguments: str, user: str = "cleo@north.example") -> Result:
    return app.test_cli_runner().invoke(args=[*arguments, "--user", user, "--json"])


def test_a_schedule_is_made_listed_and_dropped(app: Flask, cast: Cast) -> None:
    made = _run(app, "schedule", "add", "Office", "--opens", "09:00", "--closes", "17:00", "--place", "SE")
    assert made.exit_code == 0, made.output
    listed = json.loads(_run(app, "schedule", "list", user="ana@north.example").stdout)
    assert [(one["name"], one["days"], one["opens"]) for one in listed] == [("Office", "12345", "09:00")]
    refused = _run(app, "schedule", "drop", "Office", user="ana@north.example")
    assert refused.exit_code == 1 and refused.stderr.startswith("Error:")
    assert _run(app, "schedule", "drop", "Office").exit_code == 0
    assert "no schedule called" in _run(app, "schedule", "drop", "Office").stderr


def test_an_address_is_blocked_with_an_administrators_rights(app: Flask, cast: Cast) -> None:
    told = json.loads(_run(app, "quarantine", "block", "Nobody@example.com").stdout)
    assert told == {"email": "nobody@example.com", "ended": 0}
    assert _run(app, "quarantine", "block", "x@example.com", user="ana@north.example").exit_code == 1
