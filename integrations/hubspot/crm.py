"""The port of a CRM in HubSpot's words. Writing goes by batches of 100, keyed by a unique property."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from integrations.hubspot.calls import Calls, Settings
from integrations.hubspot.tasks import MODIFIED, associations_of, change_of, columns, instant, properties_of
from sales_campaigns.clock import machine_now
from sales_campaigns.ports.crm import (
    CrmAccount,
    CrmAnswer,
    CrmChanges,
    CrmChoice,
    CrmLimits,
    CrmPerson,
    CrmWrite,
    PeopleBy,
)

TASKS, CONTACTS = "/crm/v3/objects/tasks", "/crm/v3/objects/contacts"
BATCH = 100
PAGE = 200
MOST_FOUND = 10_000  # what one search gives at most; the next begins where it ended
OVERLAP = timedelta(minutes=5)
FIELDS = {
    "first_name": "firstname",
    "last_name": "lastname",
    "company": "company",
    "title": "jobtitle",
    "phone": "phone",
}
OPTED_OUT = "hs_email_optout"


class HubSpot:
    """One account, as the private app whose token we have."""

    offers: tuple[PeopleBy, ...] = (PeopleBy.EMAIL, PeopleBy.ID, PeopleBy.LIST)

    def __init__(self, account: CrmAccount, settings: Settings) -> None:
        self._calls = Calls(account, settings)
        self._names = account.names

    def upsert_tasks(self, items: Sequence[CrmWrite]) -> Sequence[CrmAnswer]:
        known = [item for item in items if item.crm_id]
        new = [item for item in items if not item.crm_id]
        answers = [
            *self._batches(f"{TASKS}/batch/update", known, lambda item: {"id": item.crm_id}),
            *self._batches(f"{TASKS}/batch/upsert", new, self._by_ours),
        ]
        by_key = {answer.key: answer for answer in answers}
        self._associate([item for item in items if not by_key[item.key].refused], by_key)
        return [by_key[item.key] for item in items]

    def log_activities(self, items: Sequence[CrmWrite]) -> Sequence[CrmAnswer]:
        return self.upsert_tasks(items)

    def delete_tasks(self, items: Sequence[CrmWrite]) -> Sequence[CrmAnswer]:
        for some in _some(items):
            self._calls.post(f"{TASKS}/batch/archive", {"inputs": [{"id": item.crm_id} for item in some]})
        return [CrmAnswer(item.key, item.crm_id) for item in items]

    def changes_since(self, watermark: str, owners: Sequence[str]) -> CrmChanges:
        """Page after page from one instant on; the watermark of a page is that instant and where the next page is."""
        at, _, after = watermark.partition("|")
        since = instant(at) if at else machine_now() - timedelta(hours=24)
        page = self._changed(since if after else since - OVERLAP, after)
        rows = [change_of(one, self._names) for one in page["results"]]
        mine = tuple(change for change in rows if change.external_id or change.fields["owner"] in owners)
        following = str(page.get("paging", {}).get("next", {}).get("after", ""))
        newest = max([since, *(row.at for row in rows)])
        if following and int(following) < MOST_FOUND:
            first = since if after else since - OVERLAP
            return CrmChanges(mine, f"{_words(first)}|{following}", True)
        return CrmChanges(mine, _words(newest), bool(following))

    def deleted_since(self, at: datetime) -> Sequence[str]:
        found = self._calls.pages(TASKS, archived="true", limit=100)
        return [str(one["id"]) for one in found if instant(str(one["archivedAt"])) >= at]

    def find_people(self, by: PeopleBy, what: Sequence[str], most: int = 2000) -> Sequence[CrmPerson]:
        if by is PeopleBy.LIST:
            members = self._calls.pages(f"/crm/v3/lists/{int(what[0])}/memberships", limit=100)
            return self._read([str(one["recordId"]) for one in members][:most], "")
        return self._read(what, "email" if by is PeopleBy.EMAIL else "")

    def set_opt_out(self, people: Sequence[CrmPerson]) -> Sequence[CrmAnswer]:
        """One call each: HubSpot's subscriptions know no batch for the whole portal."""
        answers = []
        for place, one in enumerate(people):
            path = f"/communication-preferences/v4/statuses/{one.email}/unsubscribe-all?channel=EMAIL"
            self._calls.post(path, {})
            answers.append(CrmAnswer(place, one.crm_id))
        return answers

    def opted_out_since(self, at: datetime | None) -> Iterator[CrmPerson]:
        filters = [{"propertyName": OPTED_OUT, "operator": "EQ", "value": "true"}]
        if at is not None:
            filters += [{"propertyName": "lastmodifieddate", "operator": "GTE", "value": _words(at)}]
        for found in self._search(
            CONTACTS, filters, "lastmodifieddate", [*FIELDS.values(), "email", OPTED_OUT]
        ):
            yield _person(found)

    def limits(self) -> CrmLimits:
        return self._calls.limits

    def choices(self, by: PeopleBy) -> Sequence[CrmChoice]:
        if by is not PeopleBy.LIST:
            return ()
        body = {"objectTypeId": "0-1", "count": 200}
        found = self._calls.post("/crm/v3/lists/search", body, reads=True)["lists"]
        return [CrmChoice(str(one["listId"]), str(one["name"])) for one in found]

    def users(self) -> Sequence[CrmChoice]:
        rows = self._calls.pages("/crm/v3/owners", limit=100)
        return [
            CrmChoice(
                str(one["id"]), f"{one['firstName']} {one['lastName']}".strip(), str(one.get("email") or "")
            )
            for one in rows
        ]

    def check(self) -> Sequence[str]:
        known = {one["name"]: one for one in self._calls.get("/crm/v3/properties/tasks")["results"]}
        name = self._names["external_id"]
        if name not in known:
            return [f"Tasks have no property {name}. Make it as the guide says."]
        unique = known[name].get("hasUniqueValue")
        return [] if unique else [f"{name} is not unique. Make it anew with “Require unique values”."]

    def link(self, crm_id: str) -> str:
        return f"https://app.hubspot.com/contacts/tasks/{crm_id}"

    def _by_ours(self, item: CrmWrite) -> dict[str, str]:
        return {"idProperty": self._names["external_id"], "id": item.external_id}

    def _batches(self, path: str, items: Sequence[CrmWrite], identity: Any) -> list[CrmAnswer]:
        answers: list[CrmAnswer] = []
        for some in _some(items):
            body = {"inputs": [self._input(item, identity(item)) for item in some]}
            said = self._calls.post(path, body)
            taken = {str(one["properties"].get(self._names["external_id"])): one for one in said["results"]}
            errors = {str(one["context"]["id"][0]): one for one in said.get("errors", ())}
            answers += [_answer(item, taken, errors) for item in some]
        return answers

    def _input(self, item: CrmWrite, identity: Mapping[str, str]) -> dict[str, Any]:
        return {**identity, "properties": properties_of(item, self._names)}

    def _associate(self, items: Sequence[CrmWrite], answers: Mapping[int, CrmAnswer]) -> None:
        """Whom a task is about; saying it twice is saying it once."""
        inputs = [
            {"from": {"id": answers[item.key].crm_id}, **association}
            for item in items
            for association in associations_of(item)
        ]
        for start in range(0, len(inputs), BATCH):
            body = {"inputs": inputs[start : start + BATCH]}
            self._calls.post("/crm/v4/associations/tasks/contacts/batch/create", body)

    def _changed(self, since: datetime, after: str) -> Mapping[str, Any]:
        since_then = [{"propertyName": MODIFIED, "operator": "GTE", "value": _words(since)}]
        body = _search_body(since_then, MODIFIED, columns(self._names))
        found: Mapping[str, Any] = self._calls.post(
            f"{TASKS}/search", {**body, "after": after or "0"}, reads=True
        )
        return found

    def _search(
        self, path: str, filters: list[dict[str, str]], order: str, properties: list[str]
    ) -> Iterator[Mapping[str, Any]]:
        body, after = _search_body(filters, order, properties), "0"
        while after:
            page = self._calls.post(f"{path}/search", {**body, "after": after}, reads=True)
            yield from page["results"]
            after = page.get("paging", {}).get("next", {}).get("after", "")

    def _read(self, values: Sequence[str], by: str) -> list[CrmPerson]:
        people: list[CrmPerson] = []
        for start in range(0, len(values), BATCH):
            inputs = [{"id": value} for value in values[start : start + BATCH]]
            body: dict[str, Any] = {"properties": [*FIELDS.values(), "email", OPTED_OUT], "inputs": inputs}
            if by:
                body["idProperty"] = by
            found = self._calls.post(f"{CONTACTS}/batch/read", body, reads=True)
            people += [_person(one) for one in found["results"]]
        return people


def _search_body(filters: list[dict[str, str]], order: str, properties: list[str]) -> dict[str, Any]:
    sorts = [{"propertyName": order, "direction": "ASCENDING"}]
    return {"filterGroups": [{"filters": filters}], "sorts": sorts, "properties": properties, "limit": PAGE}


def _person(found: Mapping[str, Any]) -> CrmPerson:
    there = found["properties"]
    fields = {name: str(there[column]) for name, column in FIELDS.items() if there.get(column)}
    opted_out = str(there.get(OPTED_OUT)).lower() == "true"
    return CrmPerson(str(found["id"]), "Contact", str(there.get("email") or ""), fields, opted_out)


def _answer(item: CrmWrite, taken: Mapping[str, Any], errors: Mapping[str, Any]) -> CrmAnswer:
    if item.external_id in taken:
        return CrmAnswer(item.key, str(taken[item.external_id]["id"]))
    error = errors.get(item.external_id) or errors.get(item.crm_id) or {}
    return CrmAnswer(
        item.key, code=str(error.get("category", "UNKNOWN")), words=str(error.get("message", ""))
    )


def _some(items: Sequence[CrmWrite]) -> Iterator[Sequence[CrmWrite]]:
    return (items[start : start + BATCH] for start in range(0, len(items), BATCH))


def _words(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
