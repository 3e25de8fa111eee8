"""What is known of a person, written down as a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def written(told: Mapping[str, Any]) -> str:
    """JSON that people can read, too."""
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"
