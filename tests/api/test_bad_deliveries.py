"""Bad input to deliveries from programs and from the command line: a clear message by field, nothing kept or sent.

The pages' own cases stand in tests/pages/test_delivery_pages.py.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from sales_campaigns.api_access.scopes import Scope
from sales_campaigns.deliveries.inputs import Audience
from sales_campaigns.deliveries.models import Delivery
from sales_campaigns.messages.models import Message
from tests.api.conftest import Program
from tests.builders import a_delivery
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.deliveries import finish_preparing
from tests.pages.conftest import Browser
from tests.pages.test_delivery_command import CLEO, run

FINE = {
    "name": "Prices",
    "subject": "New prices",
    "html": "<p>Hello</p>",
    "mailbox_id": 1,
    "audience": {"everybody": True},
}
LATE = {"waves": [{"percent": 50, "after": 0}, {"percent": 50, "after": 999_999}]}
# What is wrong → (what a program sends, what a command is given, the field, the words)
BAD: dict[str, tuple[dict[str, Any], tuple[str, ...], str, str]] = {
    "no subject": ({"subject": ""}, ("--subject", ""), "subject", "Write a subject"),
    "a line break in the subject": (
        {"subject": "One\r\nBcc: all@example.com"},
        ("--subject", "One\r\nBcc: all@example.com"),
        "subject",
        "A subject is one line",
    ),
    "a template error": (
        {"html": "<p>\n{{ first_name | shout }}</p>"},
        ("html", "<p>\n{{ first_name | shout }}</p>"),
        "html",
        "line 2, column",
    ),
    "ten megabytes": ({"html": "x" * 10_000_000}, ("html", "x" * 10_000_000), "html", "too long|at most"),
    "an empty target": ({"audience": {}}, (), "audience", "Choose who gets it"),
    "a past date": (
        {"schedule": {"at": "2026-11-29T09:00"}},
        ("--at", "2026-11-29T09:00"),
        "at",
        "This date is past",
    ),
    "the last wave after validity": (
        {"settings": LATE},
        ("--wave-percent", "50", "--wave-hours", "200"),
        "waves",
        "when the validity of 120 h is over",
    ),
}


def kept(work: Work) -> tuple[int, int]:
    """Deliveries and messages."""
    with work() as uow:
        return tuple(  # type: ignore[return-value]
            uow.session.scalar(sa.select(sa.func.count()).select_from(model)) for model in (Delivery, Message)
        )


@pytest.mark.parametrize("case", BAD)
def test_a_program_is_told_by_field(
    program: Callable[..., Program], work: Work, cast: Cast, case: str
) -> None:
    wrong, _, name, words = BAD[case]
    body = {**FINE, "mailbox_id": cast.ana_box.id, **wrong}
    answer = program(cast.cleo, Scope.ADMIN).post("/deliveries", body)
    assert answer.status_code == 422
    told = str(answer.json)
    assert name in told and any(one in told for one in words.split("|"))
    assert kept(work) == (0, 0)


@pytest.mark.parametrize("case", BAD)
def test_a_command_is_told_by_field(app: Flask, work: Work, cast: Cast, case: str, tmp_path: Path) -> None:
    _, typed, name, words = BAD[case]
    is_text = typed[:1] == ("html",)
    file = tmp_path / "text.html"
    file.write_text(typed[1] if is_text else "<p>Hello</p>", encoding="utf-8")
    given = ("--name", "x", "--subject", "x", "--html", file, *(() if is_text else typed))
    to = () if case == "an empty target" else ("--everybody",)
    refused = run(app, "create", *given, *to, *CLEO)
    assert refused.exit_code == 1 and f"{name}: " in refused.output
    assert any(one in refused.output for one in words.split("|"))
    assert kept(work) == (0, 0)


@pytest.mark.parametrize("nobody", ["nobody is in this audience", "Everybody is excluded"])
def test_nobody_to_send_to_fails_the_preparation_wherever_it_was_asked_for(
    app: Flask,
    program: Callable[..., Program],
    browse: Callable[..., Browser],
    work: Work,
    cast: Cast,
    nobody: str,
) -> None:
    audience = Audience(words="zzz") if nobody.startswith("nobody") else Audience(everybody=True)
    with work() as uow:
        gone = a_person(uow, cast.ana)
        assert gone.address is not None
        gone.address.opted_out_at = uow.now
        number = a_delivery(uow, cast.cleo, audience=audience).id
    asked = program(cast.cleo, Scope.ADMIN).post(f"/deliveries/{number}/prepare")
    assert asked.json is not None and asked.json["state"] == "preparing"
    finish_preparing(work, number)
    assert nobody in browse(cast.cleo).get(f"/deliveries/{number}").text
    assert nobody in run(app, "show", number, *CLEO).output
    assert nobody in program(cast.cleo, Scope.ADMIN).get(f"/deliveries/{number}/journal").text
    assert program(cast.cleo, Scope.ADMIN).post(f"/deliveries/{number}/confirm").status_code == 409
    assert kept(work) == (1, 0)


def test_a_proof_to_101_addresses_is_refused_everywhere(
    app: Flask, program: Callable[..., Program], browse: Callable[..., Browser], work: Work, cast: Cast
) -> None:
    with work() as uow:
        a_person(uow, cast.ana)
        number = a_delivery(uow, cast.cleo).id
    many = [f"reader{n}@example.net" for n in range(101)]
    said = "A proof goes to at most 100 addresses; these are 101."
    page = browse(cast.cleo).post(f"/deliveries/{number}/proofs", {"addresses": ", ".join(many)})
    assert page.status_code == 422 and said in page.text and many[-1] in page.text
    asked = program(cast.cleo, Scope.ADMIN).post(
        f"/deliveries/{number}/proofs", {"addresses": ", ".join(many)}
    )
    assert asked.status_code == 422 and said in asked.text
    told = run(app, "proof", number, *(word for one in many for word in ("--to", one)), *CLEO)
    assert told.exit_code == 1 and said in told.output
    assert kept(work) == (1, 0)
