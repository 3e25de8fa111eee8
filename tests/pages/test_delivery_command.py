"""flask delivery: the same use cases and the same refusals, with one line on stderr."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from sales_campaigns.accounts.models import User
from sales_campaigns.messages.models import Message
from sales_campaigns.settings import Settings
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.deliveries import let_jobs_run

CLEO = ["--user", "cleo@north.example"]
BEN = ["--user", "ben@north.example"]


@pytest.fixture
def settings(tmp_path: Any) -> Settings:
    key = "only for the tests, and long enough"
    return Settings(secret_key=key, data_dir=tmp_path, public_url="https://mail.example.org")


@pytest.fixture
def text(tmp_path: Path, work: Work, cast: Cast) -> Path:
    with work() as uow:
        a_person(uow, cast.ana)
        a_person(uow, cast.ana, "", first_name="Addressless")
        uow.session.get_one(User, cast.ben.id).can_prepare = True
    path = tmp_path / "text.html"
    path.write_text("<p>Hello {{ first_name }}</p>", encoding="utf-8")
    return path


def run(app: Flask, *words: object) -> Result:
    return app.test_cli_runner().invoke(args=["delivery", *map(str, words)])


def said(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def made(app: Flask, text: Path, *more: str) -> int:
    words = ("--name", "Prices", "--subject", "New prices", "--html", text, "--everybody", *CLEO, *more)
    return int(said(run(app, "create", *words, "--json"))["id"])


def test_from_create_to_stop(app: Flask, work: Work, text: Path) -> None:
    number = made(app, text)
    prepared = said(run(app, "prepare", number, "--wait", *CLEO, "--json"))
    assert (prepared["state"], prepared["targeted"], prepared["to_deliver"]) == ("ready", 2, 1)
    assert prepared["causes"] == {"no_address": 1}
    assert said(run(app, "confirm", number, *CLEO, "--json"))["state"] == "in_progress"
    let_jobs_run(work)
    assert said(run(app, "pause", number, *CLEO, "--json"))["state"] == "paused"
    assert said(run(app, "resume", number, *CLEO, "--json"))["state"] == "in_progress"
    stopped = said(run(app, "stop", number, *CLEO, "--json"))
    assert (stopped["state"], stopped["cancelled"]) == ("stopped", 1)
    final = run(app, "resume", number, *CLEO)
    assert final.exit_code == 1 and "final" in final.output
    copy = said(run(app, "duplicate", number, *CLEO, "--json"))
    assert (copy["state"], copy["name"]) == ("editing", "Prices (copy)")
    assert [line["state"] for line in said(run(app, "list", *CLEO, "--json"))] == ["editing", "stopped"]
    assert "Prepared with 0 errors." in run(app, "show", number, *CLEO).output


def test_a_preparer_gets_no_mail_out_by_any_command(app: Flask, work: Work, text: Path) -> None:
    """0 mails; each refusal names who can."""
    number = made(app, text, "--at", "2026-12-02T09:00", "--zone", "Europe/Stockholm")
    assert said(run(app, "prepare", number, "--wait", *BEN, "--json"))["state"] == "awaiting_confirmation"
    by_itself = ("--name", "x", "--subject", "x", "--html", text, "--everybody", "--start-by", "no_error")
    for tried in (run(app, "confirm", number, *BEN), run(app, "create", *by_itself, *BEN)):
        assert tried.exit_code == 1 and "Cleo Martin" in tried.output
    let_jobs_run(work)
    with work() as uow:
        assert uow.session.scalars(sa.select(Message)).all() == []


def test_bad_input_is_one_line(app: Flask, text: Path) -> None:
    words = ("--name", "x", "--subject", "x", "--html", text)
    nobody = run(app, "create", *words, *CLEO)
    assert nobody.exit_code == 1 and "Error: audience: Choose who gets it" in nobody.output
    unknown = run(app, "create", *words, "--group", "Nobody's", *CLEO)
    assert "There is no group called “Nobody's”" in unknown.output


def test_proofs_go_to_addresses_and_test_profiles(app: Flask, work: Work, cast: Cast, text: Path) -> None:
    from sales_campaigns.deliveries.proofing.profiles import add_profile

    number = made(app, text)
    with work() as uow:
        add_profile(uow, cast.cleo, name="Reader", email="read@north.example")
    words = ("--to", "one@example.net", "--profile", "Reader", *CLEO, "--json")
    assert said(run(app, "proof", number, *words)) == {"proofs": 2}
    refused = run(app, "proof", number, "--profile", "Nobody", *CLEO)
    assert refused.exit_code != 0 and "There is no test profile" in refused.output
    with work() as uow:
        subjects = uow.session.execute(sa.select(Message.email, Message.proof_number).order_by(Message.id))
        assert {tuple(row) for row in subjects} == {("one@example.net", 1), ("read@north.example", 1)}


def test_computing_again_changes_nothing(app: Flask, text: Path) -> None:
    number = made(app, text)
    run(app, "prepare", number, "--wait", *CLEO)
    assert run(app, "compute", number, *CLEO).output == "Nothing changed.\n"
