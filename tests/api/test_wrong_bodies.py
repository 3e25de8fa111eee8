"""Every operation that takes a body, and every wrong one: 4xx with the field, the same when it comes again, no change.

The rule: “unknown fields, wrong types, other people's ids, replays, stale ETags, 10 MB bodies: 4xx with the field,
idempotent, nothing half done.”
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.engine import Engine

from sales_campaigns.api_access.scopes import Scope
from sales_campaigns.people.models import Group
from sales_campaigns.schema import METADATA
from sales_campaigns.tasks.working import remind
from tests.api.conftest import Program
from tests.api.test_every_operation import OPERATIONS, path_of
from tests.builders import a_call, a_campaign
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.databases import empty
from tests.pages.test_bad_input import taken_back
from tests.pages.test_every_route import Ids, ids
from web.api.protocol.document import document_of
from web.api.protocol.operations import Operation
from web.api.rooms import AREAS

__all__ = ["ids"]
Programs = Callable[..., Program]
WITH_BODY = [one for one in OPERATIONS if one.body is not None]
SECRET_OF_DIRK = "dirks-only@example.com"
OF_PROGRAMS = {"api_token", "api_rate", "kept_answer"}  # when a token was used, and what was answered
# A name of a field that holds an id, or ids → the kind of row
KINDS = {
    "person_id": "person",
    "kept_id": "person",
    "gone_id": "person",
    "people": "person",
    "user_id": "user",
    "assignee_id": "user",
    "owner_id": "user",
    "colleague_id": "user",
    "task_id": "task",
    "tasks": "task",
    "group_id": "group",
    "campaign_id": "campaign",
    "mailbox_id": "mailbox",
}
# (operation, field) → what its example says instead, where it has no use for this field
ACTS: dict[tuple[str, str], dict[str, Any]] = {
    ("change_people", "group_id"): {"do": "join"},
    ("change_people", "owner_id"): {"do": "give"},
    ("change_tasks", "assignee_id"): {"do": "assign"},
    ("enter_leave", "colleague_id"): {"how": "hand_over"},
}


@pytest.fixture
def engine(sqlite_engine: Engine) -> Iterator[Engine]:
    """One database: what a body may hold does not depend on it."""
    yield sqlite_engine
    empty(sqlite_engine)


@pytest.fixture
def rows(ids: Ids) -> Ids:
    return {**ids, "address_id": 1, "unknown_id": 1, "place": 1}


@pytest.fixture
def of_dirk(work: Work, cast: Cast) -> dict[str, int]:
    """Rows of another team."""
    with work() as uow:
        person = a_person(uow, cast.dirk, SECRET_OF_DIRK)
        remembered = remind(uow, cast.dirk, name="His", due_at=uow.now + timedelta(days=1))
        campaign = a_campaign(uow, cast.dirk, [a_call(1)])
        group = Group(
            team_id=cast.dirk.team_id, owner_id=cast.dirk.id, name="His", shared=True, created_at=uow.now
        )
        uow.session.add(group)
        uow.session.flush()
        found = {"person": person.id, "task": remembered.id, "campaign": campaign.id, "group": group.id}
    return {**found, "user": cast.dirk.id, "mailbox": cast.dirk_box.id}


def everything(connection: sa.Connection) -> dict[str, list[Any]]:
    """Every row of every table but what any request of a program leaves."""
    tables = [table for table in METADATA.sorted_tables if table.name not in OF_PROGRAMS]
    return {
        table.name: [tuple(row) for row in connection.execute(sa.select(table).order_by(*table.primary_key))]
        for table in tables
    }


def all_rows(engine: Engine) -> dict[str, list[Any]]:
    with engine.connect() as connection:
        return everything(connection)


def example(one: Operation) -> dict[str, Any]:
    assert one.example is not None
    return dict(one.example)


def schema_of(one: Operation) -> Mapping[str, Any]:
    assert one.body is not None
    found: Mapping[str, Any] = document_of(AREAS)["components"]["schemas"][one.body.__name__]
    return found


def wrong_for(held: Mapping[str, Any]) -> Any:
    """A value of no type that the field may have."""
    kinds = {part.get("type", "object" if "$ref" in part else "") for part in (held, *held.get("anyOf", ()))}
    return "\x00" if "object" in kinds else {"a": {"b": []}}


def refused(program: Program, one: Operation, ids: Ids, body: Any) -> tuple[int, list[str]]:
    """The status, and the first names of the fields that it tells of."""
    answer = program.send(one.method, path_of(one, ids), body, {"If-Match": "*"})
    told = (answer.json or {}).get("errors", [])
    return answer.status_code, [problem["field"].split(".")[0] for problem in told]


def test_what_no_field_takes_is_told_by_field_and_changes_nothing(
    program: Programs, cast: Cast, rows: Ids, engine: Engine
) -> None:
    cleo, before = program(cast.cleo), all_rows(engine)
    taken: list[tuple[str, str, Any]] = []
    for one in WITH_BODY:
        found = refused(cleo, one, rows, {**example(one), "colour": "red"})
        taken += [(one.name, "colour", found)] if found != (422, ["colour"]) else []
        for name, held in schema_of(one)["properties"].items():
            status, told = refused(cleo, one, rows, {**example(one), name: wrong_for(held)})
            if status != 422 or not {name, ""} & set(told):
                taken.append((one.name, name, (status, told)))
    assert taken == []
    assert all_rows(engine) == before


def test_what_is_no_body_is_refused_and_changes_nothing(
    program: Programs, cast: Cast, rows: Ids, engine: Engine
) -> None:
    cleo, before = program(cast.cleo), all_rows(engine)
    taken: list[tuple[str, object, int]] = []
    more: dict[str, Any]
    for one in WITH_BODY:
        sent = [(b"[]", 422), (b"{" if one.edits else b"[" * 9000, 400)]
        for data, status in sent:
            more = {"data": data, "content_type": "application/json"}
            answer = cleo.send(one.method, path_of(one, rows), None, {"If-Match": "*"}, **more)
            taken += [(one.name, data[:10], answer.status_code)] if answer.status_code != status else []
        for kind, length, status in (("text/plain", "2", 415), ("application/json", "10485761", 413)):
            more = {"data": b"{}", "content_type": kind, "environ_overrides": {"CONTENT_LENGTH": length}}
            answer = cleo.send(one.method, path_of(one, rows), None, {"If-Match": "*"}, **more)
            taken += [(one.name, kind, answer.status_code)] if answer.status_code != status else []
    assert taken == []
    assert all_rows(engine) == before


def test_an_edit_of_what_was_changed_meanwhile_changes_nothing(
    program: Programs, cast: Cast, rows: Ids, engine: Engine
) -> None:
    cleo, before = program(cast.cleo), all_rows(engine)
    edits = [one for one in OPERATIONS if one.edits is not None]
    found = {
        (
            one.name,
            cleo.send(
                one.method, path_of(one, rows), one.example, {"If-Match": seen} if seen else {}
            ).status_code,
        )
        for one in edits
        for seen in ("", '"stale"')
    }
    assert found == {(one.name, status) for one in edits for status in (412, 428)}
    assert all_rows(engine) == before


def test_a_row_of_another_team_in_a_body_is_neither_shown_nor_changed(
    app: Flask, program: Programs, cast: Cast, rows: Ids, engine: Engine, of_dirk: dict[str, int]
) -> None:
    ana, before, wrong, asked = program(cast.ana, Scope.ADMIN), all_rows(engine), [], 0
    for one in WITH_BODY:
        for name, held in schema_of(one)["properties"].items():
            if name not in KINDS or "web.api.people.people" in str(held):
                continue
            id, asked = of_dirk[KINDS[name]], asked + 1
            body = {**example(one), **ACTS.get((one.name, name), {})}
            body[name] = [id] if held.get("type") == "array" else id
            with taken_back(app, engine):
                answer = ana.send(one.method, path_of(one, rows), body, {"If-Match": "*"})
                with app.extensions["house"].reads() as session:
                    done = everything(session.connection()) != before
            if SECRET_OF_DIRK in answer.text or done:
                wrong.append((one.name, name, answer.status_code, answer.text[:150]))
    assert asked > 40
    assert wrong == []
    assert all_rows(engine) == before


@pytest.mark.deep
def test_whatever_is_sent_again_with_its_key_is_done_once(
    app: Flask, program: Programs, cast: Cast, rows: Ids, engine: Engine
) -> None:
    """And with another body it is refused."""
    cleo, wrong, done = program(cast.cleo), [], 0
    for one in OPERATIONS:
        if one.method != "POST" or one.outside or one.gives or one.file:
            continue
        with taken_back(app, engine):
            sent = {"If-Match": "*", "Idempotency-Key": "k"}
            body = example(one) if one.body is not None else None
            first = cleo.send("POST", path_of(one, rows), body, sent)
            again = cleo.send("POST", path_of(one, rows), body, sent)
            other = cleo.send("POST", path_of(one, rows), {"another": True}, sent)
        if first.status_code >= 400:
            continue
        done += 1
        replayed = again.headers.get("Idempotency-Replayed")
        if (again.data, replayed, other.status_code) != (first.data, "true", 422):
            wrong.append((one.name, first.status_code, again.status_code, replayed, other.status_code))
    assert done > 80
    assert wrong == []
