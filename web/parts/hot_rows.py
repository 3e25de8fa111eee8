"""A hot person as the row on Today shows it: how warm, what they did, and the ways to reach them."""

from __future__ import annotations

from typing import Any

from flask import url_for

from sales_campaigns.tracking.hot_people import HotPerson
from web.filters import count_words


def hot_row(hot: HotPerson) -> dict[str, Any]:
    person = hot.person
    phone = person.phone.replace(" ", "")
    return {
        "person": {
            "name": person.name,
            "href": url_for("person.show", person_id=person.id),
            "initials": ((person.first_name or person.name)[:1] + person.last_name[:1]).upper(),
            "company": person.company,
        },
        "score": hot.score,
        "did": _did(hot),
        "at": hot.last_at,
        "call_href": f"tel:{phone}" if phone else "",
        "write_href": url_for("compose.form", person=person.id),
    }


def _did(hot: HotPerson) -> str:
    """1 reply, 2 clicks, 4 opens"""
    counted = (
        (hot.replies, "reply", "replies"),
        (hot.clicks, "click", "clicks"),
        (hot.opens, "open", "opens"),
    )
    return ", ".join(count_words(number, one, many) for number, one, many in counted if number)
