"""What every CRM adapter does, whichever it is: each runs against an organisation that stands in for its vendor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from sales_campaigns.clock import VirtualClock
from sales_campaigns.crm.accounts import USUAL_NAMES
from sales_campaigns.errors import Outside, OutsideKind
from sales_campaigns.ports.crm import Crm, CrmAccount, CrmWrite, PeopleBy
from tests.stand_ins.hubspot import HubSpot
from tests.stand_ins.reaching import NOWHERE, crms_at
from tests.stand_ins.salesforce import Salesforce
from tests.stand_ins.server import Fault

VENDORS = {"salesforce": Salesforce, "hubspot": HubSpot}
A_TASK = {
    "subject": "Ask about the budget",
    "status": "open",
    "priority": "high",
    "due": "2026-12-01",
    "comments": "One\nand < two & three",
}


@pytest.fixture(params=sorted(VENDORS))
def there(request: pytest.FixtureRequest, clock: VirtualClock) -> Iterator[Any]:
    with VENDORS[request.param](clock.now) as there:
        yield there


@pytest.fixture
def account(there: Any) -> CrmAccount:
    return CrmAccount(1, there.vendor, there.url, there.secret(), USUAL_NAMES[there.vendor])


@pytest.fixture
def crm(there: Any, account: CrmAccount) -> Crm:
    return crms_at(there.url).open(account)


def a_write(key: int = 1, crm_id: str = "", **fields: str) -> CrmWrite:
    return CrmWrite(key, f"sc-{key}", fields or A_TASK, crm_id)


def since(clock: VirtualClock) -> str:
    return (clock.now() - timedelta(hours=1)).isoformat()


def test_a_task_written_twice_is_there_once(crm: Crm, there: Any) -> None:
    """The rule: keyed by external id."""
    first, second = crm.upsert_tasks([a_write()]), crm.upsert_tasks([a_write()])
    assert first[0].crm_id == second[0].crm_id
    assert len(there.neutral()) == 1


def test_what_is_written_is_read_back_the_same(crm: Crm, there: Any, clock: VirtualClock) -> None:
    owner = there.user("ana@north.example", "Ana Lind")
    crm.upsert_tasks([a_write(1, "", **A_TASK, owner=owner)])
    (change,) = crm.changes_since(since(clock), []).changes
    assert change.external_id == "sc-1"
    assert {**A_TASK, "owner": owner}.items() <= change.fields.items()


def test_a_task_is_about_its_person(crm: Crm, there: Any) -> None:
    person = there.person("maria@example.com")
    crm.upsert_tasks([a_write(1, "", **A_TASK, person=person)])
    assert there.neutral()["sc-1"]["person"] == person


def test_200_are_written_at_once_and_answered_in_order(crm: Crm, there: Any) -> None:
    """The rule: upsert tasks, up to 200, per-item result."""
    answers = crm.upsert_tasks([a_write(key) for key in range(200)])
    assert [one.key for one in answers] == list(range(200))
    assert [there.neutral()[f"sc-{one.key}"]["id"] for one in answers] == [one.crm_id for one in answers]


def test_one_that_is_refused_leaves_the_others_alone(crm: Crm, there: Any) -> None:
    there.refused["sc-2"] = ("VALIDATION_ERROR", "Say why")
    answers = crm.upsert_tasks([a_write(1), a_write(2), a_write(3)])
    assert [one.refused for one in answers] == [False, True, False]
    assert answers[1].words == "Say why"


def test_what_was_made_there_is_changed_by_its_own_id(crm: Crm, there: Any) -> None:
    id = there.task(subject="Send the contract")
    (answer,) = crm.upsert_tasks([a_write(1, id, status="complete")])
    assert answer.crm_id == id
    assert [one["status"] for one in there.neutral().values()] == ["complete"]


def test_deleting_twice_is_deleting(crm: Crm, there: Any, clock: VirtualClock) -> None:
    (answer,) = crm.upsert_tasks([a_write()])
    gone = a_write(1, answer.crm_id)
    assert not any(one.refused for one in [*crm.delete_tasks([gone]), *crm.delete_tasks([gone])])
    assert there.neutral() == {}
    assert list(crm.deleted_since(clock.now() - timedelta(days=1))) == [answer.crm_id]
    assert list(crm.deleted_since(clock.now() + timedelta(minutes=1))) == []


def test_changes_are_read_from_the_watermark_on_and_none_is_passed_over(
    crm: Crm, there: Any, clock: VirtualClock
) -> None:
    """The rule: changes pulled with overlap. What commits late is read by the next look."""
    owner = there.user("ana@north.example", "Ana Lind")
    early = there.task(owner=owner)
    came = crm.changes_since(since(clock), [owner])
    assert [one.crm_id for one in came.changes] == [early]
    clock.forward(timedelta(minutes=30))
    late = there.task(owner=owner)
    again = crm.changes_since(came.watermark, [owner])
    assert late in [one.crm_id for one in again.changes]
    clock.forward(timedelta(minutes=30))
    assert crm.changes_since(again.watermark, [owner]).changes[-1].crm_id == late


def test_more_changes_than_a_page_come_page_after_page(crm: Crm, there: Any, clock: VirtualClock) -> None:
    owner = there.user("ana@north.example", "Ana Lind")
    wanted = {there.task(owner=owner) for _ in range(2100)}
    found: list[str] = []
    watermark, more = since(clock), True
    while more:
        came = crm.changes_since(watermark, [owner])
        found += [one.crm_id for one in came.changes]
        watermark, more = came.watermark, came.more
    assert set(found) == wanted
    assert len(found) == len(wanted)


def test_tasks_of_people_who_are_not_ours_are_theirs(crm: Crm, there: Any, clock: VirtualClock) -> None:
    ours, other = there.user("ana@north.example", "Ana Lind"), there.user("eve@north.example", "Eve Ek")
    there.task(owner=other)
    assert crm.changes_since(since(clock), [ours]).changes == ()


def test_a_status_that_we_do_not_know_says_nothing(crm: Crm, there: Any, clock: VirtualClock) -> None:
    owner = there.user("ana@north.example", "Ana Lind")
    there.task(owner=owner, status="WAITING", priority="LOW")
    (change,) = crm.changes_since(since(clock), [owner]).changes
    assert (change.fields["status"], change.fields["priority"]) == ("", "")


def test_people_are_found_by_address_and_by_id(crm: Crm, there: Any) -> None:
    id = there.person("Maria@example.com", FirstName="Maria", LastName="Santos", Company="Fjord")
    there.person("other@example.com", opted_out=True)
    for by, what in ((PeopleBy.EMAIL, "maria@example.com"), (PeopleBy.ID, id)):
        (person,) = crm.find_people(by, [what])
        assert (person.crm_id, person.fields["first_name"], person.fields["company"], person.opted_out) == (
            id,
            "Maria",
            "Fjord",
            False,
        )


def test_people_are_found_in_a_list(crm: Crm, there: Any) -> None:
    id = there.person("maria@example.com")
    (first, *_) = crm.choices(PeopleBy.LIST)
    assert [one.crm_id for one in crm.find_people(PeopleBy.LIST, [first.id])] == [id]


def test_opting_out_goes_both_ways(crm: Crm, there: Any, clock: VirtualClock) -> None:
    there.person("maria@example.com")
    there.person("nils@example.com", opted_out=True)
    assert [one.email for one in crm.opted_out_since(None)] == ["nils@example.com"]
    answers = crm.set_opt_out(crm.find_people(PeopleBy.EMAIL, ["maria@example.com"]))
    assert [one.refused for one in answers] == [False]
    assert there.opted_out("maria@example.com")
    assert {one.email for one in crm.opted_out_since(clock.now() - timedelta(minutes=1))} == {
        "maria@example.com",
        "nils@example.com",
    }
    assert list(crm.opted_out_since(clock.now() + timedelta(minutes=1))) == []


def test_users_and_the_limit_are_read(crm: Crm, there: Any) -> None:
    there.user("ana@north.example", "Ana Lind")
    assert [(one.name, one.email) for one in crm.users()] == [("Ana Lind", "ana@north.example")]
    assert 0 < crm.limits().used < crm.limits().most


def test_a_check_finds_nothing_to_mend(crm: Crm) -> None:
    assert list(crm.check()) == []


def test_a_check_says_what_to_mend(there: Any, account: CrmAccount) -> None:
    other = replace(account, names={**account.names, "external_id": "Missing__c"})
    (words,) = crms_at(there.url).open(other).check()
    assert "Missing__c" in words


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault.LIMIT, OutsideKind.RATE_LIMITED),
        (Fault.BROKEN, OutsideKind.UNKNOWN),
        (Fault.AWAY, OutsideKind.UNKNOWN),
        (Fault.LOST, OutsideKind.UNKNOWN),
    ],
)
def test_what_goes_wrong_with_a_write_has_its_kind(
    crm: Crm, there: Any, fault: Fault, kind: OutsideKind
) -> None:
    """The rule: the table of errors of the port. No write is repeated by itself."""
    crm.check()
    there.faults = [fault]
    before = len(there.calls)
    with pytest.raises(Outside) as raised:
        crm.upsert_tasks([a_write()])
    assert raised.value.kind is kind
    assert len(there.calls) == before + 1


def test_a_read_that_is_not_answered_may_be_tried_again(crm: Crm, there: Any, clock: VirtualClock) -> None:
    crm.check()
    there.faults = [Fault.AWAY]
    with pytest.raises(Outside) as raised:
        crm.changes_since(since(clock), [])
    assert raised.value.kind is OutsideKind.TRANSIENT


def test_a_sign_in_that_is_good_no_longer_is_told(there: Any, account: CrmAccount) -> None:
    wrong = replace(account, secret=dict.fromkeys(account.secret, "wrong"))
    with pytest.raises(Outside) as raised:
        crms_at(there.url).open(wrong).check()
    assert raised.value.kind is OutsideKind.AUTHORISATION


def test_nobody_at_home_is_no_doubt(account: CrmAccount) -> None:
    away = replace(account, instance_url=NOWHERE, secret={**account.secret, "access_token": "x"})
    with pytest.raises(Outside) as raised:
        crms_at().open(away).check()
    assert raised.value.kind is OutsideKind.TRANSIENT


def test_a_record_has_an_address_for_people(crm: Crm) -> None:
    assert crm.link("00T1").endswith("00T1")


def test_the_clock_of_the_watermark_is_the_crms(crm: Crm, there: Any, clock: VirtualClock) -> None:
    there.task(owner=(owner := there.user("ana@north.example", "Ana Lind")))
    (change,) = crm.changes_since(since(clock), [owner]).changes
    assert change.at == clock.now()
    assert isinstance(change.at, datetime)
