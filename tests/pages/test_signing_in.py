"""The sign-in page: in with a link or a password, out again, and never to somebody else's site."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.sign_in import hash_password, make_link
from tests.cast import Cast
from tests.conftest import Work
from tests.pages.conftest import Browser, browser_of


def test_it_signs_in_by_a_link_once(app: Flask, work: Work, cast: Cast) -> None:
    with work() as uow:
        token = make_link(uow.session, cast.ana)
    browser = browser_of(app)
    assert browser.get(f"/sign-in/link/{token}").status_code == 303
    assert browser.get(f"/sign-in/link/{token}").status_code == 404


def test_it_keeps_the_address_that_was_typed_with_a_wrong_password(app: Flask, cast: Cast) -> None:
    answer = browser_of(app).post("/sign-in", {"email": cast.ana.email, "password": "wrong"})
    assert answer.status_code == 422
    assert cast.ana.email in answer.text and "not right" in answer.text


@pytest.mark.parametrize(
    "wanted", ["//elsewhere.example", "https://elsewhere.example", "/\\elsewhere.example"]
)
def test_it_never_sends_anybody_to_another_site(app: Flask, work: Work, cast: Cast, wanted: str) -> None:
    with work() as uow:
        uow.session.merge(cast.ana).password_hash = hash_password("correct horse battery")
    typed = {"email": cast.ana.email, "password": "correct horse battery", "next": wanted}
    assert browser_of(app).post("/sign-in", typed).headers["Location"] == "/"


def test_it_refuses_a_form_without_its_token(app: Flask, cast: Cast) -> None:
    answer = app.test_client().post("/sign-in", data={"email": cast.ana.email, "password": "x"})
    assert answer.status_code == 400 and "open for too long" in answer.text


def test_it_signs_out(browse: Callable[[User], Browser], cast: Cast) -> None:
    browser = browse(cast.ana)
    assert browser.post("/sign-out").status_code == 303
    assert browser.get("/people").headers.get("Location", "").startswith("/sign-in")
