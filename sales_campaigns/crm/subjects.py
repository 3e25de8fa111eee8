"""What a task is called in the CRM: the administrator's pattern, filled. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sales_campaigns.errors import Invalid

LONGEST = 255
USUAL = "{{activity_subject}}"
NAMES = (
    "activity_type",
    "activity_subject",
    "sales_campaign_name",
    "sales_campaign_day",
    "sales_campaign_step",
    "call_outcome",
    "call_reason",
)
_FIELD = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")
_SPACE = re.compile(r"\s+")


def subject_of(pattern: str, values: Mapping[str, str]) -> str:
    """The rule: subject pattern with `{{activity_subject}}` and friends (255, no line breaks). Empty ones vanish."""
    filled = _FIELD.sub(lambda found: values.get(found[1], ""), pattern)
    return _SPACE.sub(" ", filled).strip()[:LONGEST].rstrip() or "Task"


def check_pattern(pattern: str) -> str:
    """The pattern, tidied. Raises Invalid for a field that there is not."""
    unknown = [name for name in _FIELD.findall(pattern) if name not in NAMES]
    if unknown:
        known = ", ".join(f"{{{{{name}}}}}" for name in NAMES)
        raise Invalid({"subject_pattern": f"There is no {{{{{unknown[0]}}}}}; there are: {known}."})
    if len(pattern) > LONGEST:
        raise Invalid({"subject_pattern": f"Use {LONGEST} characters or fewer."})
    return _SPACE.sub(" ", pattern).strip() or USUAL
