"""Asking name servers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class NameServers(Protocol):
    """What domains say about themselves."""

    def texts(self, name: str) -> Sequence[str]:
        """The TXT records at `name`, none where there are none. Raises Outside when nobody answers."""
        ...
