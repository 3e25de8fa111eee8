"""Google for tests: consent, tokens and the methods of the Gmail API that are used here, over plain HTTP.

Its answers are held against the document that Google publishes of its API, in `tests/providers/test_google.py`.
"""

from __future__ import annotations

import base64
import re
from typing import Any

from tests.stand_ins.google_mail import GmailBox, Left, Mail, resource
from tests.stand_ins.google_oauth import Refused, Tokens
from tests.stand_ins.serving import Asked, Reply, StandIn

CLIENT, SECRET = "our-client", "our-secret"
API = "https://www.googleapis.com/auth/"
_PATHS = {
    r"/o/oauth2/v2/auth": {"GET": "consent"},
    r"/token": {"POST": "token"},
    r"/revoke": {"POST": "revoke"},
    r"/gmail/v1/users/me/profile": {"GET": "get_profile"},
    r"/gmail/v1/users/me/history": {"GET": "history.list"},
    r"/gmail/v1/users/me/drafts": {"GET": "drafts.list", "POST": "drafts.create"},
    r"/gmail/v1/users/me/drafts/send": {"POST": "drafts.send"},
    r"/gmail/v1/users/me/drafts/[^/]+": {
        "GET": "drafts.get",
        "PUT": "drafts.update",
        "DELETE": "drafts.delete",
    },
    r"/gmail/v1/users/me/messages": {"GET": "messages.list"},
    r"/gmail/v1/users/me/messages/send": {"POST": "messages.send"},
    r"/gmail/v1/users/me/messages/[^/]+": {"GET": "messages.get"},
}
_READS = {"get_profile", "history.list", "messages.list", "messages.get"}
_DRAFTS = {"drafts.list", "drafts.create", "drafts.get", "drafts.update", "drafts.delete", "drafts.send"}


class Google(StandIn):
    """`boxes` by address. `chosen` is who sits before the browser, `allows` what that person ticks."""

    def __init__(self) -> None:
        self.boxes: dict[str, GmailBox] = {}
        self.tokens = Tokens(CLIENT, SECRET)
        self.chosen = ""
        self.allows: tuple[str, ...] | None = None
        self.declines = False
        super().__init__()
        self.tokens.issuer = self.address

    def box(self, address: str) -> GmailBox:
        return self.boxes.setdefault(address, GmailBox(address, deliver=self._deliver))

    def _deliver(self, left: Left) -> None:
        """To those who have a mailbox here as well."""
        for address in left.recipients:
            if address in self.boxes:
                self.boxes[address].comes_in(left.raw)

    def token_of(self, address: str, *scopes: str) -> str:
        """An access token without a consent before it."""
        self.box(address)
        return self.tokens.access(address, scopes or (f"{API}gmail.compose", f"{API}gmail.readonly"))

    def name_of(self, asked: Asked) -> str:
        for path, methods in _PATHS.items():
            if re.fullmatch(path, asked.path):
                return methods.get(asked.method, "unknown")
        return "unknown"

    def answer(self, name: str, asked: Asked) -> Reply:
        try:
            if name == "consent":
                return self._consent(asked)
            if name == "token":
                return Reply(body=self.tokens.give(asked.form()))
            if name == "revoke":
                self.tokens.give_back(asked.form().get("token", ""))
                return Reply(body={})
            return self._of_a_box(name, asked)
        except Refused as refused:
            return Reply(refused.status, {"error": refused.error, "error_description": refused.words})

    def _consent(self, asked: Asked) -> Reply:
        address = self.chosen or asked.query["login_hint"]
        self.box(address)
        where, state = asked.query["redirect_uri"], asked.query["state"]
        if self.declines:
            told = f"error=access_denied&state={state}&iss={self.address}"
        else:
            scopes = self.allows or tuple(asked.query["scope"].split())
            code = self.tokens.code(address, scopes, asked.query["code_challenge"], where)
            told = f"code={code}&state={state}&iss={self.address}"
        return Reply(302, headers={"Location": f"{where}?{told}"})

    def _of_a_box(self, name: str, asked: Asked) -> Reply:
        held = self.tokens.holder(asked.headers.get("authorization", "").removeprefix("Bearer "))
        if held is None:
            return error(401, "authError", "Invalid Credentials")
        address, scopes = held
        if not _allowed(name, scopes):
            return error(403, "insufficientPermissions", "Request had insufficient authentication scopes.")
        act = getattr(self, "_" + name.replace(".", "_"), None)
        return error(404, "notFound", "Not Found") if act is None else act(self.box(address), asked)

    def _get_profile(self, box: GmailBox, _asked: Asked) -> Reply:
        told = {"emailAddress": box.address, "messagesTotal": len(box.mails), "threadsTotal": len(box.mails)}
        return Reply(body={**told, "historyId": str(box.history_id())})

    def _drafts_create(self, box: GmailBox, asked: Asked) -> Reply:
        message = asked.json()["message"]
        thread = message.get("threadId", "")
        if thread and thread not in {one.thread_id for one in box.mails.values()}:
            return error(404, "notFound", "Requested entity was not found.")
        return self._draft(box, box.new_draft(_raw(message), thread))

    def _drafts_update(self, box: GmailBox, asked: Asked) -> Reply:
        id = _last(asked)
        if id not in box.drafts:
            return error(404, "notFound", "Requested entity was not found.")
        box.rewrite(id, _raw(asked.json()["message"]))
        return self._draft(box, id)

    def _drafts_get(self, box: GmailBox, asked: Asked) -> Reply:
        if _last(asked) not in box.drafts:
            return error(404, "notFound", "Requested entity was not found.")
        return self._draft(box, _last(asked), asked.query.get("format", "full"))

    def _drafts_list(self, box: GmailBox, asked: Asked) -> Reply:
        most = int(asked.query.get("maxResults", 100))
        newest = box.listed_drafts()[:most]
        shown = [{"id": id, "message": _named(box.mails[box.drafts[id]])} for id in newest]
        return Reply(body={**({"drafts": shown} if shown else {}), "resultSizeEstimate": len(shown)})

    def _drafts_delete(self, box: GmailBox, asked: Asked) -> Reply:
        if _last(asked) not in box.drafts:
            return error(404, "notFound", "Requested entity was not found.")
        box.throw_away(_last(asked))
        return Reply(204)

    def _drafts_send(self, box: GmailBox, asked: Asked) -> Reply:
        id = asked.json()["id"]
        if id not in box.drafts:
            return error(404, "notFound", "Requested entity was not found.")
        return Reply(body=_named(box.send_draft(id)) | {"labelIds": ["SENT"]})

    def _messages_send(self, box: GmailBox, asked: Asked) -> Reply:
        message = asked.json()
        return Reply(
            body=_named(box.send(_raw(message), message.get("threadId", ""))) | {"labelIds": ["SENT"]}
        )

    def _messages_list(self, box: GmailBox, asked: Asked) -> Reply:
        found = box.listed(set(asked.many.get("labelIds", [])), asked.query.get("q", ""))
        page, most = int(asked.query.get("pageToken", 0)), int(asked.query.get("maxResults", 100))
        shown = [_named(one) for one in found[page : page + most]]
        more = {"nextPageToken": str(page + most)} if len(found) > page + most else {}
        return Reply(
            body={**({"messages": shown} if shown else {}), **more, "resultSizeEstimate": len(found)}
        )

    def _messages_get(self, box: GmailBox, asked: Asked) -> Reply:
        mail = box.mails.get(_last(asked))
        if mail is None:
            return error(404, "notFound", "Requested entity was not found.")
        shape = asked.query.get("format", "full")
        shown = resource(mail, shape, asked.many.get("metadataHeaders"))
        return Reply(
            body=shown | ({"raw": base64.urlsafe_b64encode(mail.raw).decode()} if shape == "raw" else {})
        )

    def _history_list(self, box: GmailBox, asked: Asked) -> Reply:
        start = int(asked.query["startHistoryId"])
        if start < box.oldest_history:
            return error(404, "notFound", "Requested entity was not found.")
        page, most = int(asked.query.get("pageToken", 0)), int(asked.query.get("maxResults", 100))
        found = [one for one in box.since(start) if one[1] == "messagesAdded"]
        shown = [
            {"id": str(id), "messages": [_named(mail)], what: [{"message": _labelled(mail)}]}
            for id, what, mail in found[page : page + most]
        ]
        more = {"nextPageToken": str(page + most)} if len(found) > page + most else {}
        return Reply(
            body={**({"history": shown} if shown else {}), **more, "historyId": str(box.history_id())}
        )

    def _draft(self, box: GmailBox, id: str, shape: str = "minimal") -> Reply:
        mail = box.mails[box.drafts[id]]
        return Reply(body={"id": id, "message": resource(mail, shape)})


def raw_in(asked: Asked) -> bytes:
    """The mail that a call carries."""
    return _raw(asked.json().get("message", {"raw": ""}))


def error(status: int, reason: str, words: str, headers: dict[str, str] | None = None) -> Reply:
    """As guides/handle-errors shows them."""
    one = {"domain": "global", "reason": reason, "message": words}
    return Reply(status, {"error": {"code": status, "message": words, "errors": [one]}}, headers or {})


def _allowed(name: str, scopes: tuple[str, ...]) -> bool:
    granted = {one.removeprefix(API) for one in scopes}
    if name in _DRAFTS:
        return "gmail.compose" in granted
    if name == "messages.send":
        return bool(granted & {"gmail.send", "gmail.compose"})
    return (
        bool(granted & {"gmail.readonly", "gmail.compose"})
        if name == "get_profile"
        else "gmail.readonly" in granted
    )


def _raw(message: dict[str, Any]) -> bytes:
    return base64.urlsafe_b64decode(message["raw"])


def _named(mail: Mail) -> dict[str, Any]:
    return {"id": mail.id, "threadId": mail.thread_id}


def _labelled(mail: Mail) -> dict[str, Any]:
    return _named(mail) | {"labelIds": sorted(mail.labels)}


def _last(asked: Asked) -> str:
    return asked.path.rpartition("/")[2]
