"""An account of HubSpot, in the shapes of its REST API: batches, search, lists, owners, associations."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from tests.stand_ins.server import Answer, Call, Fault, Row, StandIn

EXTERNAL = "sales_campaigns_id"
TASKS, CONTACTS = "/crm/v3/objects/tasks", "/crm/v3/objects/contacts"
NEUTRAL = {
    "subject": "hs_task_subject",
    "status": "hs_task_status",
    "priority": "hs_task_priority",
    "due": "hs_timestamp",
    "comments": "hs_task_body",
    "owner": "hubspot_owner_id",
}
VALUES = {"open": "NOT_STARTED", "complete": "COMPLETED", "normal": "MEDIUM", "high": "HIGH"}
NAMES = {"FirstName": "firstname", "LastName": "lastname", "Company": "company", "Title": "jobtitle"}


class HubSpot(StandIn):
    vendor = "hubspot"

    def __init__(self, now: Any) -> None:
        super().__init__(now)
        self.refused: dict[str, tuple[str, str]] = {}
        self.about: dict[str, str] = {}  # task → contact

    def secret(self) -> dict[str, str]:
        return {"token": self.token}

    def task(self, **neutral: str) -> str:
        return self._put("tasks", None, _raw({"status": "open", "priority": "normal", **neutral}), "people")

    def change(self, id: str, **neutral: str) -> None:
        self._put("tasks", id, _raw(neutral), "people")

    def delete(self, id: str) -> None:
        row = self.rows("tasks")[id]
        row.deleted_at = row.at = self.now()

    def person(self, email: str, opted_out: bool = False, **fields: Any) -> str:
        named = {NAMES.get(name, name): value for name, value in fields.items()}
        flag = str(opted_out).lower()
        return self._put("contacts", None, {"email": email, "hs_email_optout": flag, **named}, "people")

    def user(self, email: str, name: str) -> str:
        first, _, last = name.partition(" ")
        return self._put("owners", None, {"email": email, "firstName": first, "lastName": last}, "people")

    def opted_out(self, email: str) -> bool:
        rows = self.there("contacts")
        return any(row.fields["hs_email_optout"] == "true" for row in rows if row.fields["email"] == email)

    def opt_out(self, email: str) -> None:
        for row in self.there("contacts"):
            if row.fields["email"] == email:
                self._put("contacts", row.id, {"hs_email_optout": "true"}, "people")

    def open_tasks(self) -> list[str]:
        return [row.id for row in self.there("tasks") if row.fields["hs_task_status"] == VALUES["open"]]

    def neutral(self) -> dict[str, dict[str, str]]:
        back = {there: here for here, there in VALUES.items()}
        found = {}
        for row in self.there("tasks"):
            told = {name: str(row.fields.get(there) or "") for name, there in NEUTRAL.items()}
            told = {name: back.get(value, value) for name, value in told.items()}
            told["due"] = told["due"][:10]
            told["comments"] = told["comments"].replace("<br>", "\n")
            found[row.fields.get(EXTERNAL) or row.id] = {
                **told,
                "person": self.about.get(row.id, ""),
                "id": row.id,
            }
        return found

    def refusal(self, fault: Fault) -> Answer:
        status, category = {
            Fault.BROKEN: (500, "SERVER_ERROR"),
            Fault.LIMIT: (429, "RATE_LIMITS"),
            Fault.REVOKED: (401, "INVALID_AUTHENTICATION"),
        }[fault]
        return Answer(status, {"status": "error", "category": category, "message": "no"})

    def answer(self, call: Call) -> Answer:
        answer = self._data(call)
        left = str(250_000 - len(self.calls))
        answer.headers |= {"X-HubSpot-RateLimit-Daily": "250000", "X-HubSpot-RateLimit-Daily-Remaining": left}
        return answer

    def _data(self, call: Call) -> Answer:
        path = call.path
        if path.endswith("/search") and "/objects/" in path:
            return self._search("tasks" if path.startswith(TASKS) else "contacts", call.body)
        if path in (f"{TASKS}/batch/upsert", f"{TASKS}/batch/update"):
            return self._write(call)
        if path == f"{TASKS}/batch/archive":
            return self._archive(call.body["inputs"])
        if path == f"{CONTACTS}/batch/read":
            return self._read(call.body)
        if path == TASKS:
            gone = [row for row in self.rows("tasks").values() if row.deleted_at]
            return Answer(
                200, {"results": [{"id": row.id, "archivedAt": _words(row.deleted_at)} for row in gone]}
            )
        if path.startswith("/communication-preferences/"):
            self.opt_out(path.split("/")[4])
            return Answer(200, {})
        if path.startswith("/crm/v4/associations/"):
            for one in call.body["inputs"]:
                self.about[one["from"]["id"]] = one["to"]["id"]
            return Answer(201, {"results": []})
        return self._lists(path)

    def _lists(self, path: str) -> Answer:
        if path == "/crm/v3/lists/search":
            return Answer(200, {"lists": [{"listId": "7", "name": "Fair"}]})
        if path.endswith("/memberships"):
            return Answer(200, {"results": [{"recordId": row.id} for row in self.there("contacts")]})
        if path == "/crm/v3/owners":
            return Answer(200, {"results": [{"id": row.id, **row.fields} for row in self.there("owners")]})
        if path == "/crm/v3/properties/tasks":
            return Answer(200, {"results": [{"name": EXTERNAL, "hasUniqueValue": True}]})
        return Answer(404, {"category": "OBJECT_NOT_FOUND", "message": path})

    def _search(self, kind: str, body: dict[str, Any]) -> Answer:
        rows = [row for row in self.there(kind) if _passes(row, body["filterGroups"][0]["filters"])]
        rows.sort(key=lambda row: (row.at, int(row.id)))
        start, end = int(body.get("after", 0)), int(body.get("after", 0)) + body["limit"]
        page: dict[str, Any] = {"results": [_told(row) for row in rows[start:end]]}
        if end < len(rows):
            page["paging"] = {"next": {"after": str(end)}}
        return Answer(200, page)

    def _write(self, call: Call) -> Answer:
        inputs = call.body["inputs"]
        if len(inputs) > 100:
            return Answer(400, {"category": "VALIDATION_ERROR", "message": "at most 100"})
        results, errors = [], []
        for place, one in enumerate(inputs):
            ours = one["properties"][EXTERNAL]
            id = one["id"] if "idProperty" not in one else self._by_ours(one["id"])
            refused = self.refused.get(ours)
            if Fault.LOCKED in call.faults and place % 2:
                refused = ("UNABLE_TO_LOCK_ROW", "busy")
            if refused:
                errors.append({"category": refused[0], "message": refused[1], "context": {"id": [one["id"]]}})
                continue
            id = self._put("tasks", id, one["properties"], "ours")
            self.written.append((ours, one["properties"]))
            results.append(_told(self.rows("tasks")[id]))
        return Answer(207 if errors else 200, {"results": results, **({"errors": errors} if errors else {})})

    def _by_ours(self, external_id: str) -> str | None:
        return next((row.id for row in self.there("tasks") if row.fields.get(EXTERNAL) == external_id), None)

    def _archive(self, inputs: list[dict[str, str]]) -> Answer:
        for one in inputs:
            row = self.rows("tasks").get(one["id"])
            if row is not None and row.deleted_at is None:
                row.deleted_at = row.at = self.now()
                self.written.append((row.fields.get(EXTERNAL) or row.id, {"deleted": True}))
        return Answer(204, None)

    def _read(self, body: dict[str, Any]) -> Answer:
        wanted = {str(one["id"]).lower() for one in body["inputs"]}
        by = body.get("idProperty")
        rows = [
            row for row in self.there("contacts") if (row.fields["email"].lower() if by else row.id) in wanted
        ]
        return Answer(200, {"results": [_told(row) for row in rows]})

    def _put(self, kind: str, id: str | None, fields: dict[str, Any], by: str) -> str:
        rows = self.rows(kind)
        if id is None:
            id = str(len(rows) + 1001)
            rows[id] = Row(id, {}, self.now())
        rows[id].fields.update(fields)
        rows[id].at, rows[id].by = self.now(), by
        return id


def _passes(row: Row, filters: list[dict[str, str]]) -> bool:
    for one in filters:
        if one["operator"] == "GTE" and row.at < datetime.fromisoformat(one["value"].replace("Z", "+00:00")):
            return False
        if one["operator"] == "EQ" and row.fields.get(one["propertyName"]) != one["value"]:
            return False
    return True


def _told(row: Row) -> dict[str, Any]:
    stamps = dict.fromkeys(("hs_lastmodifieddate", "lastmodifieddate"), _words(row.at))
    return {"id": row.id, "properties": {**row.fields, **stamps}}


def _words(at: datetime | None) -> str:
    assert at is not None
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def _raw(neutral: dict[str, str]) -> dict[str, Any]:
    told = {NEUTRAL.get(name, name): VALUES.get(value, value) for name, value in neutral.items()}
    if told.get("hs_timestamp"):
        day = date.fromisoformat(told["hs_timestamp"])
        told["hs_timestamp"] = f"{day.isoformat()}T12:00:00.000Z"
    told.pop("person", None)
    return told
