"""The manifest of an archive: what is in it, how much, and the SHA-256 of each part. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from sales_campaigns.errors import Invalid

FORMAT = "sales-campaigns-archive/1"
NAME = "manifest.json"
MOST_BYTES = 1_048_576


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the archive: `rows` lines, `size` bytes before they were packed."""

    name: str
    rows: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """`schema` is the revision of the database; `left_out` says what stayed behind, and why."""

    schema: str
    exported_at: str
    parts: tuple[Part, ...]
    left_out: dict[str, str]

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts)

    @property
    def digest(self) -> str:
        """Names the archive by what it holds."""
        return sha256(written(self)).hexdigest()


def written(manifest: Manifest) -> bytes:
    return json.dumps({"format": FORMAT, **asdict(manifest)}, indent=1, sort_keys=True).encode() + b"\n"


def read(text: bytes, schema: str) -> Manifest:
    """Raises Invalid for what is no manifest, and for one of another version than this code."""
    try:
        found = json.loads(text)
        if found.pop("format") != FORMAT:
            raise Invalid("This archive is of another kind than this version reads.")
        manifest = Manifest(**{**found, "parts": tuple(_part(one) for one in found["parts"])})
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Invalid("The manifest of the archive cannot be read.") from None
    if manifest.schema != schema:
        words = f"The archive was made at schema {manifest.schema}, and this version is at {schema}."
        raise Invalid(f"{words} Import it with the version that made it, then upgrade.")
    return manifest


def _part(found: dict[str, Any]) -> Part:
    part = Part(**found)
    if not (isinstance(part.name, str) and isinstance(part.rows, int) and isinstance(part.size, int)):
        raise TypeError
    return part
