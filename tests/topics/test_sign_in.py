"""Signing in: a password, a one-time link, a session that ends, and a limit to guessing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from argon2.exceptions import VerifyMismatchError

from sales_campaigns.accounts.sign_in import (
    FAILURES,
    HASHER,
    NOBODY,
    check_password,
    end_session,
    hash_password,
    make_link,
    session_shown,
    start_session,
    use_link,
)
from sales_campaigns.errors import Invalid, NotFound
from tests.cast import Cast
from tests.conftest import Work

WEEK = timedelta(days=7)


def test_it_knows_the_right_password_and_refuses_every_other(work: Work, cast: Cast) -> None:
    with work() as uow:
        uow.session.merge(cast.ana).password_hash = hash_password("correct horse battery")
    with work() as uow:
        assert (
            check_password(uow.session, " ANA@north.example ", "correct horse battery", "here").id
            == cast.ana.id
        )
        with pytest.raises(Invalid, match="not right"):
            check_password(uow.session, "ana@north.example", "correct horse", "here")
        with pytest.raises(Invalid, match="not right"):
            check_password(uow.session, "nobody@north.example", "correct horse battery", "here")


def test_it_stops_guessing_after_eight_failures(work: Work, cast: Cast) -> None:
    with work() as uow:
        for _ in range(FAILURES):
            with pytest.raises(Invalid, match="not right"):
                check_password(uow.session, "ana@north.example", "guess guess guess", "here")
            uow.session.flush()
        with pytest.raises(Invalid, match="Too many attempts"):
            check_password(uow.session, "ana@north.example", "guess guess guess", "elsewhere")


def test_it_works_as_long_for_a_stranger_as_for_a_user() -> None:
    """The whole digest is worked out and compared, at the cost of a new password: time tells nobody who is known."""
    with pytest.raises(VerifyMismatchError):
        HASHER.verify(NOBODY, "correct horse battery")
    assert not HASHER.check_needs_rehash(NOBODY)


def test_it_refuses_a_short_password() -> None:
    with pytest.raises(Invalid, match="ten characters"):
        hash_password("short")


def test_it_accepts_a_sign_in_link_once(work: Work, cast: Cast) -> None:
    with work() as uow:
        token = make_link(uow.session, cast.ana)
        uow.session.flush()
        assert use_link(uow.session, token).id == cast.ana.id
        with pytest.raises(NotFound):
            use_link(uow.session, token)


def test_it_refuses_an_expired_link(work: Work, cast: Cast) -> None:
    with work() as uow:
        token = make_link(uow.session, cast.ana, valid=timedelta(seconds=-1))
        uow.session.flush()
        with pytest.raises(NotFound):
            use_link(uow.session, token)


def test_it_forgets_a_session_that_was_ended_or_idle(work: Work, cast: Cast) -> None:
    with work() as uow:
        token = start_session(uow.session, cast.ana)
        uow.session.flush()
        found = session_shown(uow.session, token, WEEK)
        assert found is not None and found[0].id == cast.ana.id
        assert session_shown(uow.session, token, timedelta(0)) is None
        end_session(uow.session, token)
        assert session_shown(uow.session, token, WEEK) is None
