"""The pages and commands of the CRM: connect, map, switch, diagnose, bring people in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from flask import Flask
from sqlalchemy.engine import Engine

from sales_campaigns.accounts.models import User
from sales_campaigns.clock import VirtualClock, machine_now
from sales_campaigns.crm.accounts import opened
from sales_campaigns.crm.adding import signature_of
from sales_campaigns.crm.models import CrmConnection, CrmUser
from sales_campaigns.crm.rounds import sync
from sales_campaigns.crm.syncing import CrmDesk
from sales_campaigns.people.groups import create_group
from sales_campaigns.people.models import PeopleImport
from sales_campaigns.ports import OutsideWorld
from sales_campaigns.tasks.working import remind
from tests.builders import a_call, a_campaign
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.crm import connect
from tests.pages.conftest import Browser, browser_of
from tests.pages.test_bad_input import forms, tries, wrongs_in
from tests.stand_ins.reaching import crms_at
from tests.stand_ins.salesforce import Salesforce

Browse = Callable[[User], Browser]


@pytest.fixture
def there(clock: VirtualClock) -> Iterator[Salesforce]:
    with Salesforce(clock.now) as there:
        yield there


@pytest.fixture
def outside(outside: OutsideWorld, there: Salesforce) -> OutsideWorld:
    return replace(outside, crms=crms_at(there.url))


@pytest.fixture
def connected(work: Work, room: Any, cast: Cast, there: Salesforce) -> int:
    with work() as uow:
        return connect(uow, room, cast, there)


@pytest.fixture
def round_(room: Any, there: Salesforce, connected: int) -> Callable[[], None]:
    desk = CrmDesk(room.sessions, room.clock, crms_at(there.url), room.seal)
    return lambda: (sync(desk, connected), None)[1]


def connection(work: Work) -> CrmConnection:
    with work() as uow:
        return uow.session.scalars(sa.select(CrmConnection)).one()


def test_an_administrator_connects_by_the_page_of_the_crm(
    browse: Browse, cast: Cast, work: Work, room: Any, there: Salesforce
) -> None:
    """The rule: OAuth web-server flow with PKCE; the state is proved, the tokens are kept sealed."""
    browser = browse(cast.cleo)
    given = {"vendor": "salesforce", "flow": "web", "client_id": "app", "client_secret": "s"}
    assert browser.post("/admin/crm/connect", given).headers["Location"] == "/crm/leave"
    shown = browser.get("/crm/leave").text
    asked = parse_qs(
        urlsplit(shown_by(r'href="(http[^"]+authorize[^"]+)"', shown).replace("&amp;", "&")).query
    )
    assert asked["code_challenge_method"] == ["S256"]
    state = asked["state"][0]
    assert "belongs to another sign-in" in browser.get("/crm/back?code=code-1&state=wrong").text
    assert "Finish connecting" in browser.get(f"/crm/back?code=code-1&state={state}").text
    answer = browser.post("/crm/back", {"code": "code-1", "state": state})
    assert answer.headers["Location"] == "/admin/crm/users"
    found = connection(work)
    assert (found.state.value, found.instance_url) == ("connected", there.url)
    assert there.refresh_token not in found.secret
    assert opened(room.seal, found.secret)["refresh_token"] == there.refresh_token


def test_an_administrator_connects_an_integration_user_with_a_key(
    browse: Browse, cast: Cast, work: Work, there: Salesforce
) -> None:
    """The rule: JWT bearer for an integration user."""
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    given = {"vendor": "salesforce", "flow": "jwt", "client_id": "app", "username": "sync@north.example"}
    browser = browse(cast.cleo)
    refused = browser.post("/admin/crm/connect", {**given, "private_key": "no key"})
    assert (refused.status_code, "no RSA private key" in refused.text) == (422, True)
    assert "sync@north.example" in refused.text  # the rule: nothing typed is lost
    browser.post("/admin/crm/connect", {**given, "private_key": pem})
    assert connection(work).state.value == "connected"


def test_what_the_crm_does_not_let_in_is_not_kept(
    browse: Browse, cast: Cast, work: Work, there: Salesforce
) -> None:
    browser = browse(cast.cleo)
    browser.post(
        "/admin/crm/connect", {"vendor": "salesforce", "flow": "web", "client_id": "a", "client_secret": "s"}
    )
    asked = browser.get("/crm/leave").text
    state = shown_by(r"state=([\w-]+)", asked)
    answer = browser.post("/crm/back", {"code": "wrong", "state": state})
    assert (answer.status_code, "invalid_grant" in answer.text) == (422, True)
    with work() as uow:
        assert uow.session.scalars(sa.select(CrmConnection)).all() == []


def test_users_are_suggested_by_their_address_and_kept(
    browse: Browse, cast: Cast, work: Work, there: Salesforce, connected: int
) -> None:
    id = there.user(cast.cleo.email, "Cleo Martin")
    browser = browse(cast.cleo)
    shown = browser.get("/admin/crm/users").text
    assert f'<option value="{id}" selected>' in shown
    assert "Suggested by the address" in shown
    browser.post("/admin/crm/users", {f"user-{cast.cleo.id}": id})
    with work() as uow:
        kept = uow.session.execute(sa.select(CrmUser.user_id, CrmUser.crm_id)).all()
        assert kept == [(cast.cleo.id, id)]


def test_two_of_us_are_not_the_same_user_there(
    browse: Browse, cast: Cast, there: Salesforce, connected: int
) -> None:
    id = there.user("x@north.example", "X")
    answer = browse(cast.cleo).post(
        "/admin/crm/users", {f"user-{cast.ana.id}": id, f"user-{cast.ben.id}": id}
    )
    assert (answer.status_code, "Everybody is somebody else" in answer.text) == (422, True)


def test_what_is_synced_is_switched_and_a_wrong_pattern_is_refused_beside_its_field(
    browse: Browse, cast: Cast, work: Work, connected: int
) -> None:
    browser = browse(cast.cleo)
    browser.post("/admin/crm/switches", {"logs_mails": "1", "subject_pattern": "{{activity_type}}"})
    found = connection(work)
    assert (found.syncs_tasks, found.logs_mails, found.subject_pattern) == (False, True, "{{activity_type}}")
    refused = browser.post("/admin/crm/switches", {"subject_pattern": "{{nothing}}"})
    assert (refused.status_code, "There is no {{nothing}}" in refused.text) == (422, True)
    assert 'value="{{nothing}}"' in refused.text


def test_the_names_of_fields_are_kept_and_checked(
    browse: Browse, cast: Cast, work: Work, connected: int
) -> None:
    browser = browse(cast.cleo)
    assert browser.post("/admin/crm/fields", {"names-external_id": "a b"}).status_code == 422
    browser.post("/admin/crm/fields", {"names-external_id": "Ours__c", "names-campaign": "Campaign__c"})
    names = connection(work).names
    assert (names["external_id"], names["campaign"]) == ("Ours__c", "Campaign__c")
    answer = browser.post("/admin/crm/check")
    assert "Ours__c" in browser.get(answer.headers["Location"]).text


def test_what_was_refused_is_shown_with_remedy_and_retried(
    browse: Browse, cast: Cast, work: Work, there: Salesforce, round_: Any
) -> None:
    """The rule: diagnostics page: each failed write with category and remedy."""
    with work() as uow:
        task = remind(uow, cast.ana, name="Ask about the budget", due_at=uow.now)
    there.refused[f"sc-1-task-{task.id}"] = ("STRING_TOO_LONG", "Too long")
    round_()
    browser = browse(cast.cleo)
    shown = browser.get("/admin/crm/diagnostics").text
    for words in ("Ask about the budget", "Validation", "Too long", "Shorten it, then retry."):
        assert words in shown
    there.refused.clear()
    browser.post("/admin/crm/diagnostics/retry")
    round_()
    assert "Nothing was refused" in browser.get("/admin/crm/diagnostics").text
    assert "Last round" in browser.get("/admin/crm").text


def test_a_task_and_a_person_lead_to_where_they_stand_there(
    browse: Browse, cast: Cast, work: Work, there: Salesforce, round_: Any
) -> None:
    contact = there.person("maria@example.com")
    with work() as uow:
        person = a_person(uow, cast.ana)
        task = remind(uow, cast.ana, name="Ask", due_at=uow.now, person=person)
    round_()
    (told,) = there.neutral().values()
    browser = browse(cast.ana)
    assert f"{there.url}/{told['id']}" in browser.get(f"/tasks/{task.id}").text
    assert f"{there.url}/{contact}" in browser.get(f"/people/{person.id}").text


def test_a_rep_signs_in_to_write_in_the_own_name(
    browse: Browse, cast: Cast, work: Work, there: Salesforce, connected: int
) -> None:
    """The rule: per user and integration user."""
    browser = browse(cast.ana)
    browser.post("/crm")
    state = shown_by(r"state=([\w-]+)", browser.get("/crm/leave").text)
    browser.post("/crm/back", {"code": "code-1", "state": state})
    assert "Written in your name" in browser.get("/crm").text
    with work() as uow:
        speaking = uow.session.scalars(sa.select(CrmUser.user_id).where(CrmUser.secret != "")).all()
    assert speaking == [cast.ana.id]


def test_people_of_a_list_become_an_import_that_is_looked_at(
    browse: Browse, cast: Cast, work: Work, there: Salesforce, connected: int
) -> None:
    there.person("maria@example.com", FirstName="Maria")
    browser = browse(cast.ana)
    assert "Contacts: My Contacts" in browser.get("/people/crm").text
    answer = browser.post("/people/crm", {"by": "list", "what-list": "Contact/00B1"})
    with work() as uow:
        made = uow.session.scalars(sa.select(PeopleImport)).one()
    assert answer.headers["Location"] == f"/people/import/{made.id}"
    assert "maria@example.com" in browser.get(answer.headers["Location"]).text
    refused = browser.post("/people/crm", {"by": "query", "what-query": "DELETE FROM Lead"})
    assert (refused.status_code, "DELETE FROM Lead" in refused.text) == (422, True)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_whatever_is_typed_to_find_people_nothing_breaks_and_nothing_typed_is_lost(
    app: Flask, engine: Engine, browse: Browse, cast: Cast, work: Work, there: Salesforce, connected: int
) -> None:
    """Bad input: the form that the walk of the pages does not reach, since it needs a CRM that answers."""
    with work() as uow:
        create_group(uow, cast.ana, "Fair")
    browser = browse(cast.ana)
    pages = [("/people/crm", browser.get("/people/crm").text)]
    assert {"by", "what-query", "group"} <= {name for form in forms(pages) for name, _ in tries(form, 1)}
    wrongs = wrongs_in(app, engine, browser, pages, each=8)
    assert not wrongs, "\n".join(wrongs)
    typed = {"by": "query", "what-query": "SELECT Id FROM Lead", "group": "999999"}
    refused = browser.post("/people/crm", typed)
    assert refused.status_code in {404, 422}, refused.status_code


def test_a_button_in_the_crm_starts_a_launch_here(
    app: Flask, browse: Browse, cast: Cast, work: Work, room: Any, there: Salesforce, connected: int
) -> None:
    """The rule: bulk add to a campaign from Salesforce; the signature is the proof, no session is behind it."""
    id = there.person("maria@example.com")
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_call(1)])
    admin = browse(cast.cleo)
    key = shown_by(r"<code>([\w-]{40,})</code>", admin.post("/admin/crm/key").text)
    body = json.dumps({"user": cast.ana.email, "campaign": campaign.id, "ids": [id]}).encode()
    at = str(int(machine_now().timestamp()))
    headers = {"X-Timestamp": at, "X-Signature": f"sha256={signature_of(key, at, body)}"}
    client = browser_of(app).client
    assert (
        client.post(
            f"/crm/{connected}/people", data=body, headers={**headers, "X-Timestamp": "1"}
        ).status_code
        == 403
    )
    answer = client.post(f"/crm/{connected}/people", data=body, headers=headers)
    assert answer.status_code == 202
    browser = browse(cast.ana)
    told: Any = answer.json
    page = urlsplit(told["open"]).path
    assert "1 person chosen in Salesforce" in browser.get(page).text
    went = browser.post(page).headers["Location"]
    assert went.startswith("/people/import/")
    assert "Look at the import" in browser.get(page).text


def test_disconnecting_forgets_the_tokens(browse: Browse, cast: Cast, work: Work, connected: int) -> None:
    browse(cast.cleo).post("/admin/crm/disconnect")
    found = connection(work)
    assert (found.state.value, found.secret, found.syncs_tasks) == ("ended", "", False)


def test_the_page_says_while_the_crm_does_not_answer(
    browse: Browse, cast: Cast, there: Salesforce, round_: Any
) -> None:
    """The rule: when something is broken the UI says which writes wait, why, and what to do."""
    there.outage = True
    round_()
    shown = browse(cast.cleo).get("/admin/crm").text
    assert "Resting" in shown
    assert "It goes on by itself" in shown
    assert "Salesforce does not answer: 0 writes wait" in browse(cast.cleo).get("/").text
    assert "Salesforce" not in browse(cast.ana).get("/").text


def test_the_commands_tell_sync_and_retry(
    app: Flask, cast: Cast, work: Work, there: Salesforce, connected: int, clock: VirtualClock
) -> None:
    run = app.test_cli_runner().invoke
    with work() as uow:
        remind(uow, cast.ana, name="Ask", due_at=uow.now + timedelta(days=1))
    assert run(args=["crm", "sync"]).output == "North: 1 moved\n"
    (told,) = json.loads(run(args=["crm", "status", "--json"]).output)
    assert (told["team"], told["state"], told["agreed"]) == ("North", "connected", 1)
    assert run(args=["crm", "retry", "--team", "North"]).output == "North: 0 tried again\n"
    wrong = run(args=["crm", "status", "--team", "Nowhere"])
    assert wrong.exit_code == 1


def shown_by(pattern: str, text: str) -> str:
    """What the first group of it is."""
    match = re.search(pattern, text)
    assert match is not None, f"{pattern} is not in {text}"
    return match[1]
