"""Steps with several contents, with all that they say: for simulations and rehearsals, whose files hold one content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sales_campaigns.campaigns.variants import FIRST_WEIGHT, variant_for
from sales_campaigns.content.rendering import Content


@dataclass(frozen=True, slots=True)
class SaidVariant:
    """One of the contents of an e-mail step, under its letter; see `VariantDraft`."""

    key: str
    content: Content
    weight: int = FIRST_WEIGHT
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Varied:
    """A step that is varied. `key` is its name through all versions: the lots are drawn with it."""

    key: str
    variants: tuple[SaidVariant, ...]

    def drawn_by(self, email: str) -> SaidVariant | None:
        """The rule: stable for each person. What a launch gives them is what is told before it."""
        return variant_for(self.key, self.variants, email)


# Place of a step, from 0 → its variants; a step that says the same to everybody has none.
VariedSteps = Mapping[int, Varied]


def written_out(steps: VariedSteps) -> dict[str, Any]:
    """As plain values for JSON."""
    return {
        str(place): {"key": one.key, "variants": [asdict(variant) for variant in one.variants]}
        for place, one in steps.items()
    }


def read_back(steps: Mapping[str, Any]) -> dict[int, Varied]:
    """What `written_out` wrote."""
    return {
        int(place): Varied(one["key"], tuple(_variant(variant) for variant in one["variants"]))
        for place, one in steps.items()
    }


def _variant(written: Mapping[str, Any]) -> SaidVariant:
    return SaidVariant(**{**written, "content": Content(**written["content"])})
