"""`flask mail receive`: hand raw mails in, as if they had come into a mailbox."""

from __future__ import annotations

import json
from pathlib import Path

import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from sales_campaigns.messages.incoming.models import ReceivedMail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.mail_collection import FOLDER


def _receive(app: Flask, *files: Path, mailbox: str = "ana@north.example", more: str = "--json") -> Result:
    return app.test_cli_runner().invoke(
        args=["mail", "receive", *map(str, files), "--mailbox", mailbox, more]
    )


def test_it_says_what_each_mail_is_and_the_same_file_twice_is_one_mail(
    app: Flask, cast: Cast, work: Work
) -> None:
    with work() as uow:
        a_person(uow, cast.ana)
    files = [FOLDER / f"{name}.eml" for name in ("wrote_new_thread", "auto_sv_outlook", "ignored_stranger")]
    result = _receive(app, *files)
    assert result.exit_code == 0, result.output
    data = json.loads(result.stdout)
    assert data["new"] == 2
    assert [one["is"] for one in data["mails"]] == ["wrote", "auto_reply", "not kept"]
    assert json.loads(_receive(app, *files).stdout)["new"] == 0
    with work() as uow:
        assert len(uow.session.scalars(sa.select(ReceivedMail)).all()) == 2


def test_an_unknown_mailbox_is_one_line(app: Flask, cast: Cast) -> None:
    result = _receive(app, FOLDER / "wrote_new_thread.eml", mailbox="nobody@north.example")
    assert result.exit_code == 1 and "There is no mailbox nobody@north.example" in result.stderr
