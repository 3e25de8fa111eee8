"""How a command names a step: DAY.STEP, such as 3.1 for the first step of day 3."""

from __future__ import annotations

import re

import click

from sales_campaigns.campaigns.models import CampaignVersion
from sales_campaigns.errors import Invalid


def day_and_step(written: str, option: str) -> tuple[int, int]:
    """Anything else is a usage error."""
    found = re.fullmatch(r"(\d{1,4})\.(\d{1,4})", written.strip())
    if found is None:
        raise click.BadParameter("write DAY.STEP, such as 3.1", param_hint=option)
    return int(found[1]), int(found[2])


def step_key(version: CampaignVersion, written: str, option: str = "--start-at") -> str:
    """The key of that step, "" for nothing written. Raises Invalid for one that the campaign does not have."""
    if not written:
        return ""
    day, number = day_and_step(written, option)
    for step in version.steps:
        if (step.day, step.number) == (day, number):
            return step.key
    raise Invalid(f"The campaign has no day {day}, step {number}.")
