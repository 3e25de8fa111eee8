"""Links that lead through us: found once in a wording, and known in a mail by their place in it.

A link with a field in its address is not the same for everybody and leaves as it is.
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Callable
from functools import lru_cache

from sales_campaigns.content.html import inline_styles, sanitise

# The cleaner writes every attribute in double quotes and escapes quotes inside, so this cannot run astray.
_LINK = re.compile(r'(<a(?: [\w-]+="[^"]*")*? href=")(https?://[^"{}]+)"', re.IGNORECASE)


@lru_cache(maxsize=500)
def places_of(source: str) -> dict[str, int]:
    """Web addresses in the HTML of a wording, as the cleaner writes them, to their places from 1."""
    found = dict.fromkeys(match[2] for match in _LINK.finditer(sanitise(inline_styles(source))))
    return {address: place for place, address in enumerate(found, 1)}


def links_of(source: str) -> list[str]:
    """The web addresses of a wording; that of place 1 first."""
    return [entities.unescape(address) for address in places_of(source)]


def lead_through(html: str, source: str, address: Callable[[int], str]) -> str:
    """The finished `html` of a mail made from `source`, with each link of it at `address(place)`."""
    places = places_of(source)
    if not places:
        return html

    def led(match: re.Match[str]) -> str:
        place = places.get(match[2])
        return match[0] if place is None else f'{match[1]}{address(place)}"'

    return _LINK.sub(led, html)
