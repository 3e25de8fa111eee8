"""Wrong things in every field of every form: each is refused or taken, nothing breaks, and nothing typed is lost.

The forms are read from the pages, so that a new one is tried without being named here, and one that no page of the
walk shows is told. Each request is taken back, so that the next one finds every row as it was.
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
from structlog.testing import capture_logs
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from sales_campaigns.accounts.models import User
from sales_campaigns.messages.letters.tokens import token_of
from sales_campaigns.ports import OutsideWorld
from sales_campaigns.settings import Settings
from tests.cast import Cast
from tests.conftest import Work
from tests.pages.conftest import Browser, browser_of
from tests.pages.form_origins import filled_in, origins_told, told
from tests.pages.forms import Form, forms_of
from tests.pages.furnished import Furnished, furnish, turned_to
from tests.pages.parts import text
from tests.pages.test_every_route import Ids, answers_of, ids  # noqa: F401
from tests.stand_ins.google import Google
from tests.stand_ins.worlds import world_with

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
# What needs a CRM that answers (test_crm_pages.py tries its fields in the same way) and a mailbox that was granted
# (test_mailbox_draft_pages.py: one box, on and off).
ELSEWHERE = ("crm-way", "url_for('mailbox.drafts')")
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


@pytest.fixture
def outside() -> Iterator[OutsideWorld]:
    """With somebody who grants consents, so that they can be asked for."""
    with Google() as google, world_with(google) as world:
        yield world


@pytest.fixture
def furnished(work: Work, cast: Cast, ids: Ids) -> Furnished:  # noqa: F811
    return furnish(work, cast, ids)


def shown(app: Flask, engine: Engine, browser: Browser, furnished: Furnished) -> list[tuple[str, str]]:
    """(address, page) of the whole walk."""
    with taken_back(app, engine):
        turned = list(turned_to(browser, furnished))
    asked = [(path, browser.get(path)) for path in furnished.asked]
    answers = [*answers_of(app, browser, furnished.ids), *asked, *turned]
    return [(path, answer.text) for path, answer in answers if answer.mimetype == "text/html"]


def forms(pages: list[tuple[str, str]]) -> Iterator[Form]:
    """Each form once, whichever pages show it."""
    known = set()
    for path, page in pages:
        for form in forms_of(page, path):
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
    furnished: Furnished,
    who: str,
) -> None:
    wrongs = wrongs_of(app, engine, browse(getattr(cast, who)), furnished, each=1)
    assert not wrongs, "\n".join(wrongs)


@pytest.mark.deep
@pytest.mark.parametrize("who", ["ana", "cleo"])
def test_nothing_of_the_whole_catalogue_breaks_any_field(
    app: Flask,
    engine: Engine,
    browse: Browse,
    cast: Cast,
    furnished: Furnished,
    who: str,
) -> None:
    wrongs = wrongs_of(app, engine, browse(getattr(cast, who)), furnished, each=len(WRONG))
    assert not wrongs, "\n".join(wrongs)


def wrongs_of(app: Flask, engine: Engine, browser: Browser, furnished: Furnished, *, each: int) -> list[str]:
    return wrongs_in(app, engine, browser, shown(app, engine, browser, furnished), each=each)


def wrongs_in(
    app: Flask, engine: Engine, browser: Browser, pages: list[tuple[str, str]], *, each: int
) -> list[str]:
    """Nor does any of it stand in the log: what is refused is told to whoever typed it, and to nobody else."""
    app.testing, app.config["PROPAGATE_EXCEPTIONS"] = False, False
    found = []
    with capture_logs() as told:
        for form in forms(pages):
            for name, wrong in tries(form, each):
                with taken_back(app, engine):
                    answer = send(browser, form, name, wrong)
                if words := complaint(form, name, wrong, answer):
                    found.append(
                        f"{form.method} {form.action} {name}={wrong[:40]!r}: {answer.status_code} {words}"
                    )
    app.testing = True
    return [*found, *(f"the log tells {line}" for line in told)]


def test_the_page_of_a_refusal_shows_what_was_typed_and_no_secret(browse: Browse, cast: Cast) -> None:
    """What no page of its own shows again stands on the page of the refusal, to be sent once more."""
    secrets = dict.fromkeys(("client_secret", "private_key", "token", "password", "former"), "s3cret")
    answer = browse(cast.ana).post("/tasks/bulk", {"do": "due", "due": "soon", **secrets})
    assert answer.status_code == 422 and 'value="soon"' in answer.text and "s3cret" not in answer.text


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_no_form_with_a_field_is_left_out(
    app: Flask, engine: Engine, browse: Browse, cast: Cast, settings: Settings, furnished: Furnished
) -> None:
    """Bad input: every form of these pages is in the bad-input tests."""
    stranger = browser_of(app)
    with origins_told(app.jinja_env):
        pages = [
            page for user in (cast.ana, cast.cleo) for _, page in shown(app, engine, browse(user), furnished)
        ]
        pages += [stranger.get(path).text for path in of_strangers(furnished.ids, settings)]
        seen = {origin for page in pages for origin in told(page)}
    left_out = sorted(filled_in(app.jinja_env, ELSEWHERE) - seen)
    assert not left_out, "\n".join(left_out)


def of_strangers(ids: Ids, settings: Settings) -> tuple[str, str]:  # noqa: F811
    return "/sign-in", f"/u/{token_of(ids['message_id'], settings.secret_key)}"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_strangers_break_nothing_either(
    app: Flask, engine: Engine, settings: Settings, furnished: Furnished
) -> None:
    pages = [(path, browser_of(app).get(path).text) for path in of_strangers(furnished.ids, settings)]
    wrongs = wrongs_in(app, engine, browser_of(app), pages, each=1)
    assert not wrongs, "\n".join(wrongs)
