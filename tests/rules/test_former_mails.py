"""Mails that left in a former form are made again as they left, from what was kept of them then."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from sales_campaigns.content.mime import build
from sales_campaigns.content.rendering import Content
from sales_campaigns.messages.handing_over.recipes import letter_of

CONTENT = Content(
    "Ways on for {{ company }}",
    "<p>Hello {{ first_name }},</p>"
    '<p>{{ company }} = more: <a href="https://a.example/?x=1">see here</a>, and on and on and on.</p>'
    * 4
    + "<p>Hälsningar </p> \n<p>{{ my_name }}</p>",
)
# As it stands in the database of an installation that sent before there was another form.
RECIPE: dict[str, Any] = {
    "at": "2026-03-03T08:12:00+00:00",
    "zone": "Europe/Stockholm",
    "from": ["Ana Rossi", "ana@north.example"],
    "to": ["Åsa Öberg", "asa@fjord.example"],
    "cc": "",
    "values": {"company": "Fjord & Söner", "first_name": "Åsa", "my_name": "Ana Rossi"},
    "signature": "<p>Ana<br>North</p>",
    "marks": {
        "address": "https://go.example",
        "token": "Tk_-9Tk_-9Tk_-9Tk_-9",
        "opens": True,
        "clicks": True,
        "footer": "No more? [unsubscribe]",
        "mirror": True,
    },
}
NAME = "<7.1.20260303081200@north.example>"
LEFT = "3c25a3d9455f54fa6038ce028708db59ff55cb8d41e5faf7abc3f0528b93dafa"


def test_the_bytes_of_the_first_form_are_made_for_good() -> None:
    assert "form" not in RECIPE
    assert sha256(build(letter_of(RECIPE, CONTENT, NAME), 1)).hexdigest() == LEFT
