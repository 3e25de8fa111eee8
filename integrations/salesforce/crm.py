"""The port of a CRM in Salesforce's words. Writing goes by collections of 200, keyed by an external id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from integrations.salesforce import people
from integrations.salesforce.calls import Calls
from integrations.salesforce.describing import advice_on
from integrations.salesforce.signing_in import Settings
from integrations.salesforce.soql import instant_words, names_checked, quoted
from integrations.salesforce.tasks import change_of, columns, instant, record_of
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

PAGE = 2000
OVERLAP = timedelta(minutes=5)
MOST_OWNERS = 400  # what fits into the address of one query
GONE = {"ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY"}


class Salesforce:
    """One organisation, as one of its users."""

    offers: tuple[PeopleBy, ...] = (
        PeopleBy.EMAIL,
        PeopleBy.ID,
        PeopleBy.LIST,
        PeopleBy.REPORT,
        PeopleBy.QUERY,
    )

    def __init__(self, account: CrmAccount, settings: Settings) -> None:
        self._calls = Calls(account, settings)
        self._names = account.names

    def upsert_tasks(self, items: Sequence[CrmWrite]) -> Sequence[CrmAnswer]:
        """What Salesforce's id is known of by that, so that a task made there is no second one; the rest by ours."""
        known = [item for item in items if item.crm_id]
        new = [item for item in items if not item.crm_id]
        field = names_checked(self._names["external_id"])
        answers = [
            *self._write("/composite/sobjects", known),
            *self._write(f"/composite/sobjects/Task/{field}", new),
        ]
        by_key = {answer.key: answer for answer in answers}
        return [by_key[item.key] for item in items]

    def log_activities(self, items: Sequence[CrmWrite]) -> Sequence[CrmAnswer]:
        return self.upsert_tasks(items)

    def delete_tasks(self, items: Sequence[CrmWrite]) -> Sequence[CrmAnswer]:
        ids = ",".join(item.crm_id for item in items)
        said = self._calls.change("DELETE", "/composite/sobjects", ids=ids, allOrNone="false")
        answers = [_answer(item.key, one) for item, one in zip(items, said, strict=True)]
        return [CrmAnswer(one.key) if one.code in GONE else one for one in answers]

    def changes_since(self, watermark: str, owners: Sequence[str]) -> CrmChanges:
        """A full page is followed from its last record on; the next look reaches back a little, for late commits."""
        at, _, last = watermark.partition("|")
        since = instant(at) if at else machine_now() - timedelta(hours=24)
        rows = list(self._calls.query(self._changed(since, last, owners)))
        changes = tuple(change_of(row, self._names) for row in rows)
        if not changes:
            return CrmChanges((), instant_words(since))
        newest = instant_words(changes[-1].at)
        more = len(changes) == PAGE
        return CrmChanges(changes, f"{newest}|{changes[-1].crm_id}" if more else newest, more)

    def deleted_since(self, at: datetime) -> Sequence[str]:
        asked = {"start": _seconds(at), "end": _seconds(at + timedelta(days=29))}
        found = self._calls.get("/sobjects/Task/deleted/", **asked)
        return [str(one["id"]) for one in found["deletedRecords"]]

    def find_people(self, by: PeopleBy, what: Sequence[str], most: int = 2000) -> Sequence[CrmPerson]:
        return people.find(self._calls, by, what, most, self._opt_out)

    def set_opt_out(self, people: Sequence[CrmPerson]) -> Sequence[CrmAnswer]:
        answers: list[CrmAnswer] = []
        for start in range(0, len(people), 200):
            records = [
                {"attributes": {"type": one.kind}, "id": one.crm_id, self._opt_out: True}
                for one in people[start : start + 200]
            ]
            said = self._calls.change(
                "PATCH", "/composite/sobjects", {"allOrNone": False, "records": records}
            )
            answers += [_answer(start + place, one) for place, one in enumerate(said)]
        return answers

    def opted_out_since(self, at: datetime | None) -> Iterator[CrmPerson]:
        return people.opted_out(self._calls, at, self._opt_out)

    def limits(self) -> CrmLimits:
        return self._calls.limits

    def choices(self, by: PeopleBy) -> Sequence[CrmChoice]:
        if by is PeopleBy.REPORT:
            rows = self._calls.query("SELECT Id, Name FROM Report ORDER BY Name LIMIT 200")
            return [CrmChoice(str(row["Id"]), str(row["Name"])) for row in rows]
        return [
            CrmChoice(f"{kind}/{view['id']}", f"{kind}s: {view['label']}")
            for kind in ("Contact", "Lead")
            for view in self._calls.get(f"/sobjects/{kind}/listviews")["listviews"]
        ]

    def users(self) -> Sequence[CrmChoice]:
        soql = (
            "SELECT Id, Name, Email FROM User WHERE IsActive = true AND UserType = 'Standard' ORDER BY Name"
        )
        rows = self._calls.query(soql)
        return [CrmChoice(str(row["Id"]), str(row["Name"]), str(row.get("Email") or "")) for row in rows]

    def check(self) -> Sequence[str]:
        return advice_on(self._calls.get("/sobjects/Task/describe"), self._names)

    def link(self, crm_id: str) -> str:
        return f"{self._calls.instance_url}/{crm_id}"

    @property
    def _opt_out(self) -> str:
        return self._names.get("opt_out") or "HasOptedOutOfEmail"

    def _write(self, path: str, items: Sequence[CrmWrite]) -> list[CrmAnswer]:
        if not items:
            return []
        records = [record_of(item, self._names) for item in items]
        said = self._calls.change("PATCH", path, {"allOrNone": False, "records": records})
        return [_answer(item.key, one) for item, one in zip(items, said, strict=True)]

    def _changed(self, since: datetime, last: str, owners: Sequence[str]) -> str:
        """Ours by the external id, and whatever our users own."""
        when = instant_words(since if last else since - OVERLAP)
        mine = f"{names_checked(self._names['external_id'])} != null"
        if owners and len(owners) <= MOST_OWNERS:
            mine = f"({mine} OR OwnerId IN ({', '.join(quoted(owner) for owner in owners)}))"
        after = f"SystemModstamp >= {when}"
        if last:
            after = f"(SystemModstamp > {when} OR (SystemModstamp = {when} AND Id > {quoted(last)}))"
        return (
            f"SELECT {columns(self._names)} FROM Task WHERE {after} AND {mine} "  # noqa: S608  values are quoted
            f"ORDER BY SystemModstamp, Id LIMIT {PAGE}"
        )


def _answer(key: int, said: Mapping[str, Any]) -> CrmAnswer:
    if said["success"]:
        return CrmAnswer(key, str(said["id"]))
    error = said["errors"][0]
    fields = ", ".join(error.get("fields") or ())
    words = f"{error['message']} ({fields})" if fields else str(error["message"])
    return CrmAnswer(key, code=str(error["statusCode"]), words=words)


def _seconds(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")
