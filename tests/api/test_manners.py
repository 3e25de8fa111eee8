"""What holds for every operation: tokens, errors, pages, requests sent twice, edits, limits, sizes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.sign_in import start_session
from sales_campaigns.api_access.issuing import revoke_token
from sales_campaigns.api_access.models import ApiToken, KeptAnswer
from sales_campaigns.api_access.scopes import AREAS, Scope
from sales_campaigns.clock import machine_now
from sales_campaigns.people.models import Group, Person
from tests.api.conftest import Program, a_token
from tests.cast import Cast, a_person
from tests.conftest import Work
from web.api.protocol.rates import Rates
from web.api.rooms import AREAS as DECLARED
from web.security import COOKIE

Programs = Callable[..., Program]
LENA = {"email": "lena@example.org", "first_name": "Lena"}


def test_a_token_can_be_limited_to_every_area_that_there_is() -> None:
    assert set(AREAS) == {area.name for area in DECLARED}


def test_a_token_that_expired_or_was_revoked_opens_nothing(program: Programs, cast: Cast, work: Work) -> None:
    ana = program(cast.ana, days=30)
    assert ana.get("/me").json["email"] == cast.ana.email
    with work() as uow:
        token = uow.session.scalars(sa.select(ApiToken)).one()
        assert ana.token not in (token.token_hash, token.begins)
        assert token.used_at is not None
        revoke_token(uow, uow.session.get_one(User, cast.ana.id), token.id)
    assert ana.get("/me").status_code == 401
    with work() as uow:
        uow.session.execute(
            sa.update(ApiToken).values(revoked_at=None, expires_at=machine_now() - timedelta(seconds=1))
        )
    assert ana.get("/me").status_code == 401


def test_a_token_of_somebody_who_was_deactivated_opens_nothing(
    program: Programs, cast: Cast, work: Work
) -> None:
    ana = program(cast.ana)
    with work() as uow:
        uow.session.execute(sa.update(User).where(User.id == cast.ana.id).values(active=False))
    assert ana.get("/me").status_code == 401


def test_a_token_for_some_areas_opens_no_other(program: Programs, cast: Cast) -> None:
    ana = program(cast.ana, Scope.WRITE, areas=["people"])
    assert ana.get("/people").status_code == 200
    assert ana.get("/tasks").status_code == 403


def test_a_cookie_is_not_looked_at(app: Flask, cast: Cast, work: Work) -> None:
    client = app.test_client()
    with work() as uow:
        client.set_cookie(COOKIE, start_session(uow.session, uow.session.get_one(User, cast.ana.id)))
    assert client.get("/api/v1/me").status_code == 401


@pytest.mark.parametrize(
    ("path", "status"), [("/nothing", 404), ("/people/0", 404), ("/people/99999999999999999999", 404)]
)
def test_an_error_is_problem_json_wherever_it_comes_from(
    program: Programs, cast: Cast, path: str, status: int
) -> None:
    answer = program(cast.ana).get(path)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.json["status"] == status


def test_what_is_wrong_is_said_by_field(program: Programs, cast: Cast) -> None:
    answer = program(cast.ana).post("/tasks", {"name": "Call", "due_at": "tomorrow", "colour": "red"})
    assert answer.status_code == 422
    assert {one["field"] for one in answer.json["errors"]} == {"due_at", "colour"}


def test_a_text_that_no_database_keeps_is_refused(program: Programs, cast: Cast) -> None:
    assert program(cast.ana).post("/groups", {"name": "Fa\x00ir"}).status_code == 422


def test_a_body_beyond_ten_megabytes_is_refused_clearly(program: Programs, cast: Cast) -> None:
    body = json.dumps({"name": "x" * (10 * 1024 * 1024)}).encode()
    answer = program(cast.ana).send("POST", "/groups", data=body, content_type="application/json")
    assert (answer.status_code, answer.json["detail"]) == (
        413,
        "A body holds at most 10 MB. Send it in parts.",
    )


def test_a_request_sent_twice_is_done_once(program: Programs, cast: Cast, work: Work) -> None:
    """The rule: the same key with the same request within 24 hours gets the first answer and does nothing again."""
    ana, key = program(cast.ana), {"Idempotency-Key": "one"}
    first, second = ana.post("/people", LENA, key), ana.post("/people", LENA, key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json == second.json
    assert second.headers["Location"] == first.headers["Location"]
    assert (first.headers.get("Idempotency-Replayed"), second.headers["Idempotency-Replayed"]) == (
        None,
        "true",
    )
    with work() as uow:
        assert uow.session.scalar(sa.select(sa.func.count(Person.id))) == 1


def test_a_key_stands_for_one_request_of_one_user(program: Programs, cast: Cast) -> None:
    ana, ben, key = program(cast.ana), program(cast.ben), {"Idempotency-Key": "one"}
    ana.post("/groups", {"name": "Fair"}, key)
    assert ana.post("/groups", {"name": "Another"}, key).status_code == 422
    assert ben.post("/groups", {"name": "Third"}, key).status_code == 201


def test_a_request_that_was_refused_may_be_sent_again(program: Programs, cast: Cast) -> None:
    ana, key = program(cast.ana), {"Idempotency-Key": "one"}
    assert ana.post("/people", {"email": "no address"}, key).status_code == 422
    assert ana.post("/people", LENA, key).status_code == 201


def test_after_a_day_a_key_is_free_again(program: Programs, cast: Cast, work: Work) -> None:
    ana, key = program(cast.ana), {"Idempotency-Key": "one"}
    ana.post("/groups", {"name": "Fair"}, key)
    with work() as uow:
        uow.session.execute(sa.update(KeptAnswer).values(at=machine_now() - timedelta(hours=25)))
    assert ana.post("/groups", {"name": "Another"}, key).status_code == 201


def test_the_same_at_the_same_time_is_done_once(program: Programs, cast: Cast, work: Work) -> None:
    asked = [program(cast.ana) for _ in range(4)]
    statuses: list[int] = []

    def ask(one: Program) -> None:
        statuses.append(one.post("/groups", {"name": "Fair"}, {"Idempotency-Key": "k"}).status_code)

    threads = [Thread(target=ask, args=(one,)) for one in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [201] * 4
    with work() as uow:
        assert uow.session.scalar(sa.select(sa.func.count(Group.id))) == 1


def test_an_edit_names_the_state_that_it_has_seen(program: Programs, cast: Cast, work: Work) -> None:
    with work() as uow:
        person = a_person(uow, cast.ana)
    ana, path = program(cast.ana), f"/people/{person.id}"
    seen = ana.get(path).headers["ETag"]
    assert ana.send("PATCH", path, {"company": "Fjord"}).status_code == 428
    first = ana.send("PATCH", path, {"company": "Fjord"}, {"If-Match": seen})
    late = ana.send("PATCH", path, {"company": "Berg"}, {"If-Match": seen})
    assert (first.status_code, late.status_code) == (200, 412)
    assert late.headers["ETag"] == first.headers["ETag"] != seen
    assert ana.get(path).json["company"] == "Fjord"


def test_a_token_asks_so_often_and_no_more() -> None:
    """The bucket fills evenly: after a while there is room again."""
    rates = Rates(60)
    taken = [rates.take(1) for _ in range(61)]
    assert [one.passes for one in taken] == [True] * 60 + [False]
    assert (taken[0].headers["RateLimit-Limit"], taken[0].left) == ("60", 59)
    assert taken[-1].headers["Retry-After"] == "1"
    assert rates.take(2).passes


def test_the_limits_stand_on_every_answer(program: Programs, cast: Cast) -> None:
    ana = program(cast.ana)
    assert "RateLimit-Remaining" in ana.get("/me").headers
    assert "RateLimit-Remaining" in ana.get("/people/9").headers


def test_a_cursor_of_another_list_is_refused(program: Programs, cast: Cast) -> None:
    ana = program(cast.ana)
    for after in ("x", "WzEsMl0", "IuKCrCI", "LTE"):
        assert ana.get("/deliveries", after=after).status_code == 422


def test_the_document_and_its_page_are_open_to_everybody(app: Flask) -> None:
    client = app.test_client()
    document: Any = client.get("/api/v1/openapi.json").json
    assert document["openapi"] == "3.1.0"
    page = client.get("/api/v1/docs")
    assert page.status_code == 200
    assert "launch_campaign" in page.text
    assert "//" not in page.text.replace("https://", "").replace("http://", "")


def test_nobody_sees_the_words_of_a_token_again(cast: Cast, work: Work) -> None:
    words = a_token(work, cast.ana)
    with work() as uow:
        kept = uow.session.execute(sa.select(ApiToken.__table__)).one()
        assert words not in " ".join(map(str, kept))
