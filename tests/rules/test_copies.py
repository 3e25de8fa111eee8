"""CC and BCC: whose addresses, each once, never the recipient, and never to whom no mail may go."""

from __future__ import annotations

import pytest

from sales_campaigns.addresses import copies_typed
from sales_campaigns.errors import Invalid
from sales_campaigns.messages.letters.copies import Copies, copies_of

OUT = "o@a.example"
WHY = "This address has unsubscribed and gets no more mail."


@pytest.mark.parametrize(
    ("cc", "bcc", "unwanted", "copies"),
    [
        (["boss@a.example"], [], {}, Copies("boss@a.example")),
        (["boss@a.example", "Boss@A.example"], [], {}, Copies("boss@a.example")),
        (["boss@a.example"], ["boss@a.example", "crm@a.example"], {}, Copies("boss@a.example", "crm@a.example")),
        (["Maria@Example.com"], ["maria@example.com"], {}, Copies()),
        ([OUT], ["crm@a.example"], {OUT: WHY}, Copies("", "crm@a.example", ((OUT, WHY),))),
        ([], [], {"o@a.example": WHY}, Copies()),
    ],
)  # fmt: skip
def test_each_address_once_never_the_recipient_and_suppressed_ones_are_left_out(
    cc: list[str], bcc: list[str], unwanted: dict[str, str], copies: Copies
) -> None:
    assert copies_of("maria@example.com", cc, bcc, unwanted) == copies


def test_what_is_typed_may_stand_between_commas_semicolons_and_line_breaks() -> None:
    typed = {"cc": "a@a.example, b@a.example;\nA@a.example", "bcc": " "}
    assert copies_typed(typed) == {"cc": "A@a.example b@a.example", "bcc": ""}


def test_every_wrong_field_is_told_at_once() -> None:
    many = " ".join(f"p{n}@a.example" for n in range(21))
    with pytest.raises(Invalid) as refused:
        copies_typed({"cc": "boss@", "bcc": many})
    assert "“boss@” is not an e-mail address" in refused.value.problems["cc"]
    assert "at most 20 addresses; these are 21" in refused.value.problems["bcc"]
