"""An organisation of Salesforce, in the shapes of its REST API: sign-in, collections, queries, deletions, lists."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.stand_ins.server import Answer, Call, Fault, Row, StandIn
from tests.stand_ins.soql import parsed

EXTERNAL = "Sales_Campaigns_Id__c"
BASE = "/services/data/v62.0"
PREFIXES = {"Task": "00T", "Contact": "003", "Lead": "00Q", "User": "005", "Report": "00O"}
OURS = "005000000000INT"  # the user of the connection
NEUTRAL = {
    "subject": "Subject",
    "status": "Status",
    "priority": "Priority",
    "due": "ActivityDate",
    "comments": "Description",
    "owner": "OwnerId",
    "person": "WhoId",
}
VALUES = {"open": "Not Started", "complete": "Completed", "normal": "Normal", "high": "High"}


class Salesforce(StandIn):
    vendor = "salesforce"

    def __init__(self, now: Any, page: int = 2000) -> None:
        super().__init__(now)
        self.page = page
        self.cursors: dict[str, list[dict[str, Any]]] = {}
        self.refused: dict[str, tuple[str, str]] = {}  # external id or id → the error of its item
        self.refresh_token = "refresh-1"
        self.code = "code-1"
        self.challenge = ""
        self.fields = [EXTERNAL, *NEUTRAL.values(), "Type", "CallDisposition", "Campaign__c"]

    def secret(self) -> dict[str, str]:
        return {"client_id": "app", "client_secret": "s", "refresh_token": self.refresh_token}

    def add(self, kind: str, **fields: Any) -> str:
        """Somebody makes a record in the organisation itself."""
        return self._put(kind, None, {"OwnerId": OURS, **fields}, "people")

    def task(self, **neutral: str) -> str:
        return self.add("Task", **_raw({"status": "open", "priority": "normal", **neutral}))

    def change(self, id: str, **neutral: str) -> None:
        self._put("Task", id, _raw(neutral), "people")

    def delete(self, id: str, kind: str = "Task") -> None:
        row = self.rows(kind)[id]
        row.deleted_at = row.at = self.now()

    def person(self, email: str, opted_out: bool = False, kind: str = "Contact", **fields: Any) -> str:
        return self.add(kind, Email=email, HasOptedOutOfEmail=opted_out, **fields)

    def user(self, email: str, name: str) -> str:
        return self.add("User", Email=email, Name=name, IsActive=True, UserType="Standard")

    def opted_out(self, email: str) -> bool:
        rows = [*self.there("Contact"), *self.there("Lead")]
        return any(row.fields["HasOptedOutOfEmail"] for row in rows if row.fields["Email"] == email)

    def opt_out(self, email: str) -> None:
        for kind in ("Contact", "Lead"):
            for row in self.there(kind):
                if row.fields["Email"] == email:
                    self._put(kind, row.id, {"HasOptedOutOfEmail": True}, "people")

    def open_tasks(self) -> list[str]:
        return [row.id for row in self.there("Task") if row.fields["Status"] == VALUES["open"]]

    def neutral(self) -> dict[str, dict[str, str]]:
        """Every task that is there, by our id, or by its own where it has none of ours."""
        back = {there: here for here, there in VALUES.items()}
        return {
            row.fields.get(EXTERNAL) or row.id: {
                name: back.get(str(row.fields.get(there) or ""), str(row.fields.get(there) or ""))
                for name, there in NEUTRAL.items()
            }
            | {"id": row.id}
            for row in self.there("Task")
        }

    def signs_in(self, path: str) -> bool:
        return path.startswith("/services/oauth2/")

    def refusal(self, fault: Fault) -> Answer:
        status, code, words = {
            Fault.BROKEN: (500, "UNKNOWN_EXCEPTION", "An unexpected error occurred."),
            Fault.LIMIT: (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
            Fault.REVOKED: (401, "INVALID_SESSION_ID", "Session expired or invalid"),
        }[fault]
        return Answer(status, [{"errorCode": code, "message": words}])

    def answer(self, call: Call) -> Answer:
        if self.signs_in(call.path):
            return self._token(call.body)
        answer = self._data(call, call.path.removeprefix(BASE))
        answer.headers["Sforce-Limit-Info"] = f"api-usage={len(self.calls)}/100000"
        return answer

    def _token(self, body: dict[str, str]) -> Answer:
        good = {
            "refresh_token": body.get("refresh_token") == self.refresh_token,
            "authorization_code": body.get("code") == self.code,
            "urn:ietf:params:oauth:grant-type:jwt-bearer": body.get("assertion", "").count(".") == 2,
        }[body["grant_type"]]
        if not good:
            return Answer(
                400, {"error": "invalid_grant", "error_description": "expired access/refresh token"}
            )
        given = {"access_token": self.token, "instance_url": self.url, "token_type": "Bearer"}
        more = {"refresh_token": self.refresh_token} if body["grant_type"] == "authorization_code" else {}
        return Answer(200, given | more)

    def _data(self, call: Call, path: str) -> Answer:
        parts = path.strip("/").split("/")
        if parts[0] == "query":
            return self._query(call, parts)
        if path.startswith("/composite/sobjects"):
            return self._delete(call) if call.method == "DELETE" else self._collection(call, parts)
        if path == "/sobjects/Task/deleted/":
            return self._deleted(call)
        if path == "/sobjects/Task/describe":
            return Answer(200, {"fields": self._described()})
        if parts[-1] == "listviews":
            return Answer(200, {"listviews": [{"id": "00B1", "label": f"My {parts[1]}s"}]})
        if parts[-1] == "results":
            rows = self.there(parts[1])
            cells = [{"columns": [{"fieldNameOrPath": "Id", "value": row.id}]} for row in rows]
            return Answer(200, {"records": cells})
        if parts[0] == "analytics":
            cells = [{"dataCells": [{"label": "x", "value": row.id}]} for row in self.there("Lead")]
            return Answer(200, {"factMap": {"T!T": {"rows": cells}}})
        return Answer(404, [{"errorCode": "NOT_FOUND", "message": path}])

    def _query(self, call: Call, parts: list[str]) -> Answer:
        if len(parts) == 2:
            return self._page(self.cursors.pop(parts[1]))
        query = parsed(call.asked["q"])
        rows = [self._seen(row) for row in self.there(query.kind)]
        rows = [row for row in rows if query.test(row)]
        for name in reversed(query.order):
            rows.sort(key=lambda row: str(row[name.split()[0]]))
        return self._page([self._told(row, query.columns) for row in rows[: query.limit]])

    def _page(self, rows: list[dict[str, Any]]) -> Answer:
        page, rest = rows[: self.page], rows[self.page :]
        if not rest:
            return Answer(200, {"totalSize": len(page), "done": True, "records": page})
        name = f"cursor{len(self.calls)}"
        self.cursors[name] = rest
        return Answer(200, {"done": False, "nextRecordsUrl": f"{BASE}/query/{name}", "records": page})

    def _seen(self, row: Row) -> dict[str, Any]:
        return {**row.fields, "Id": row.id, "SystemModstamp": row.at}

    def _told(self, row: dict[str, Any], columns: list[str]) -> dict[str, Any]:
        told = {name: row.get(name) for name in columns if "." not in name}
        if "Account.Name" in columns:
            told["Account"] = {"Name": row["Company"]} if row.get("Company") else None
        stamp = told.get("SystemModstamp")
        if isinstance(stamp, datetime):
            at = stamp.astimezone(UTC)
            told["SystemModstamp"] = at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}+0000"
        return told

    def _collection(self, call: Call, parts: list[str]) -> Answer:
        records = call.body["records"]
        if len(records) > 200:
            return Answer(400, [{"errorCode": "EXCEEDED_MAX_SIZE", "message": "at most 200"}])
        by_ours = parts[2:4] == ["Task", EXTERNAL]
        return Answer(
            200,
            [self._write(record, by_ours, place, call.faults) for place, record in enumerate(records)],
        )

    def _write(self, record: dict[str, Any], by_ours: bool, place: int, faults: frozenset[Fault]) -> Any:
        kind = record["attributes"]["type"]
        fields = {name: value for name, value in record.items() if name not in ("attributes", "id")}
        id = self._by_ours(fields[EXTERNAL]) if by_ours else record["id"]
        if Fault.LOCKED in faults and place % 2:
            return _error("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")
        refused = self.refused.get(str(record.get("id") or fields.get(EXTERNAL)))
        if refused:
            return _error(*refused)
        row = self.rows(kind).get(id or "")
        if id and (row is None or row.deleted_at):
            return _error("ENTITY_IS_DELETED", "entity is deleted")
        unknown = [name for name in fields if kind == "Task" and name not in self.fields]
        if unknown:
            return _error("INVALID_FIELD", f"No such column '{unknown[0]}' on sobject of type Task")
        id = self._put(kind, id, fields, OURS)
        self.written.append((self.rows(kind)[id].fields.get(EXTERNAL) or id, fields))
        return {"id": id, "success": True, "errors": [], "created": row is None}

    def _by_ours(self, external_id: str) -> str | None:
        return next((row.id for row in self.there("Task") if row.fields.get(EXTERNAL) == external_id), None)

    def _put(self, kind: str, id: str | None, fields: dict[str, Any], by: str) -> str:
        rows = self.rows(kind)
        if id is None:
            id = f"{PREFIXES[kind]}{len(rows) + 1:012d}"
            rows[id] = Row(
                id, {"OwnerId": OURS, "Status": "Not Started"} if kind == "Task" else {}, self.now()
            )
        row = rows[id]
        row.fields.update(fields)
        row.at, row.by = self.now(), by
        return id

    def _delete(self, call: Call) -> Answer:
        said = []
        for id in call.asked["ids"].split(","):
            row = self.rows("Task").get(id)
            if row is None or row.deleted_at:
                said.append(_error("ENTITY_IS_DELETED", "entity is deleted"))
                continue
            row.deleted_at = row.at = self.now()
            row.by = OURS
            self.written.append((row.fields.get(EXTERNAL) or id, {"deleted": True}))
            said.append({"id": id, "success": True, "errors": []})
        return Answer(200, said)

    def _deleted(self, call: Call) -> Answer:
        start = datetime.fromisoformat(call.asked["start"])
        gone = [row for row in self.rows("Task").values() if row.deleted_at and row.deleted_at >= start]
        told = [{"id": row.id, "deletedDate": str(row.deleted_at)} for row in gone]
        return Answer(200, {"deletedRecords": told, "latestDateCovered": str(self.now())})

    def _described(self) -> list[dict[str, Any]]:
        status = [{"value": value} for value in ("Not Started", "In Progress", "Completed", "Deferred")]
        known = [
            {"name": name, "updateable": True} for name in self.fields if name not in ("Status", EXTERNAL)
        ]
        ours = {"name": EXTERNAL, "externalId": True, "unique": True, "updateable": True}
        return [*known, ours, {"name": "Status", "updateable": True, "picklistValues": status}]


def _raw(neutral: dict[str, str]) -> dict[str, Any]:
    return {NEUTRAL.get(name, name): VALUES.get(value, value) or None for name, value in neutral.items()}


def _error(code: str, words: str) -> dict[str, Any]:
    return {"success": False, "errors": [{"statusCode": code, "message": words, "fields": []}]}
