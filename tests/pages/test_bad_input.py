"""Wrong things in every field of every form: each is refused or taken, nothing breaks, and nothing typed is lost.

The forms are read from the pages, so that a new one is tried without being named here. Each request is taken back,
so that the next one finds every row as it was.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from sales_campaigns.accounts.models import User
from tests.cast import Cast
from tests.pages.conftest import Browser
from tests.pages.forms import Form, forms_of
from tests.pages.parts import text
from tests.pages.test_every_route import Ids, answers_of, ids  # noqa: F401

Browse = Callable[[User], Browser]

# Characters that break lines, files, databases and pages; numbers, days, zones and templates that are none.
WRONG = (
    "",
    " ",
    "x" * 5_000,
    "a\r\nBcc: b@example.com",
    "a\x00b",
    "a\u2028b\u0085c\x0bd",
    "\u202eesrever \u200b\u0301\u0301\u0301",
    "👩‍👩‍👧‍👦 Žofie",
    "<script>alert(1)</script>\"'",
    "-1",
    "0",
    "999999999999999999999",
    "1.5e400",
    "NaN",
    "Mars/Olympus",
    "../../etc/passwd",
    "2026-02-30",
    "25:61",
    "9999-12-31T23:59",
    "0001-01-01",
    "{{ first_name",
    "{% if a %}",
    "{{ nobody | nothing }}",
    "{{ x.__class__ }}",
    "=CMD()",
    "a@b..c",
    "jörg@bücher.example, x@",
    "%00%ff",
    "1,2,,3",
)
# What no form can send as it was typed: a browser makes line ends alike.
CHANGED_ON_THE_WAY = {"a\r\nBcc: b@example.com", "a\x00b", "a\u2028b\u0085c\x0bd", " ", ""}


@contextmanager
def taken_back(app: Flask, engine: Engine) -> Iterator[None]:
    """Everything the product writes meanwhile is gone afterwards."""
    house = app.extensions["house"]
    with engine.connect() as connection, connection.begin() as everything:
        sessions = sessionmaker[Session](
            connection,
            expire_on_commit=False,
            join_transaction_mode="create_savepoint",
            info={"seal": house.seal},
        )
        app.extensions["house"] = replace(house, reads=sessions, writes=sessions)
        try:
            yield
        finally:
            app.extensions["house"] = house
            everything.rollback()


def forms(app: Flask, browser: Browser, ids: Ids) -> Iterator[Form]:  # noqa: F811
    """Each form once, whichever pages show it."""
    known = set()
    for path, answer in answers_of(app, browser, ids):
        if answer.status_code != 200 or answer.mimetype != "text/html":
            continue
        for form in forms_of(answer.text, path):
            if form.shape not in known and not form.action.startswith("/sign-out"):
                known.add(form.shape)
                yield form


def tries(form: Form, each: int) -> Iterator[tuple[str, str]]:
    """(field, what is typed): `each` for a field, other ones for other fields."""
    for name in (*form.typed, *form.chosen):
        if name != "csrf_token":
            first = zlib.crc32(f"{form.shape}{name}".encode())
            yield from ((name, WRONG[(first + 7 * number) % len(WRONG)]) for number in range(each))


def send(browser: Browser, form: Form, name: str, wrong: str) -> TestResponse:
    values = MultiDict(pair for pair in form.with_(name, wrong) if pair[0] != "csrf_token")
    if form.method == "get":
        return browser.get(form.action, query_string=values)
    return browser.post(form.action, MultiDict([*values.items(multi=True), ("csrf_token", browser.token)]))


def complaint(form: Form, name: str, wrong: str, answer: TestResponse) -> str:
    """What is wrong with the answer, or nothing."""
    if answer.status_code >= 500:
        return "breaks"
    if answer.status_code == 422 and answer.mimetype == "text/html":
        if not text(answer.text):
            return "says nothing"
        if lost := sorted(missing(form, name, wrong, answer.text)):
            return f"loses {lost}"
    return ""


def missing(form: Form, name: str, wrong: str, page: str) -> set[str]:
    """The fields of which something that stood in them stands in none of that name on the page of the answer."""
    there = {(field, value.strip()) for again in forms_of(page, "") for field, value in again.values}
    sent = [pair for pair in form.with_(name, wrong) if pair[0] in form.typed and pair[0] not in form.secret]
    return {
        field
        for field, value in sent
        if value.strip() and value not in CHANGED_ON_THE_WAY and (field, value.strip()) not in there
    }


@pytest.mark.parametrize(("engine", "who"), [("sqlite", "ana"), ("postgresql", "cleo")], indirect=["engine"])
def test_whatever_is_typed_nothing_breaks_and_nothing_typed_is_lost(
    app: Flask,
    engine: Engine,
    browse: Browse,
    cast: Cast,
    ids: Ids,  # noqa: F811
    who: str,
) -> None:
    wrongs = wrongs_of(app, engine, browse(getattr(cast, who)), ids, each=1)
    assert not wrongs, "\n".join(wrongs)


@pytest.mark.deep
@pytest.mark.parametrize("who", ["ana", "cleo"])
def test_nothing_of_the_whole_catalogue_breaks_any_field(
    app: Flask,
    engine: Engine,
    browse: Browse,
    cast: Cast,
    ids: Ids,  # noqa: F811
    who: str,
) -> None:
    wrongs = wrongs_of(app, engine, browse(getattr(cast, who)), ids, each=len(WRONG))
    assert not wrongs, "\n".join(wrongs)


def wrongs_of(app: Flask, engine: Engine, browser: Browser, ids: Ids, *, each: int) -> list[str]:  # noqa: F811
    app.testing, app.config["PROPAGATE_EXCEPTIONS"] = False, False
    found = []
    for form in list(forms(app, browser, ids)):
        for name, wrong in tries(form, each):
            with taken_back(app, engine):
                answer = send(browser, form, name, wrong)
            if words := complaint(form, name, wrong, answer):
                found.append(
                    f"{form.method} {form.action} {name}={wrong[:40]!r}: {answer.status_code} {words}"
                )
    app.testing = True
    return found


def test_the_page_of_a_refusal_shows_what_was_typed_and_no_secret(browse: Browse, cast: Cast) -> None:
    """What no page of its own shows again stands on the page of the refusal, to be sent once more."""
    secrets = dict.fromkeys(("client_secret", "private_key", "token", "password", "former"), "s3cret")
    answer = browse(cast.ana).post("/tasks/bulk", {"do": "due", "due": "soon", **secrets})
    assert answer.status_code == 422 and 'value="soon"' in answer.text and "s3cret" not in answer.text
