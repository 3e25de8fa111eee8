"""Public holidays of a country or of a part of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

import holidays

from sales_campaigns.errors import Invalid


def holiday_dates(place: str | None, years: Iterable[int], field: str = "holidays") -> frozenset[date]:
    """The dates for an ISO country ("SE") or country and subdivision ("US-CA"); none for None.

    Raises Invalid for a place that is not known.
    """
    return frozenset() if place is None else _dates(place, tuple(sorted(set(years))), field)


@lru_cache(maxsize=256)
def _dates(place: str, years: tuple[int, ...], field: str) -> frozenset[date]:
    refuse_unknown_place(place, field)
    country, _, subdivision = place.partition("-")
    return frozenset(holidays.country_holidays(country, subdiv=subdivision or None, years=years))


def refuse_unknown_place(place: str, field: str = "holidays") -> None:
    country, dash, subdivision = place.partition("-")
    known = _known_places().get(country)
    if known is None:
        raise Invalid({field: f"“{place}” is no country whose holidays are known. Write a code such as SE."})
    if dash and subdivision not in known:
        raise Invalid({field: f"“{subdivision}” is no part of {country} with holidays of its own."})


@lru_cache(maxsize=1)
def _known_places() -> dict[str, frozenset[str]]:
    return {country: frozenset(parts) for country, parts in holidays.list_supported_countries().items()}
