"""Microsoft for tests: Entra and the methods of Graph that are used here, over TLS, for msal speaks no other way.

No description of Graph stands in any library, so its answers are written from what is generally known of Graph, and
were not held against its reference or a real account: docs/outlook.md says so too.
"""

from __future__ import annotations

import re
import tempfile
from functools import cache
from pathlib import Path
from ssl import SSLContext
from typing import Any
from urllib.parse import unquote, urlencode

from tests.providers.certificates import server_context
from tests.stand_ins.google_mail import Left
from tests.stand_ins.google_oauth import Refused
from tests.stand_ins.microsoft_files import Files
from tests.stand_ins.microsoft_graph import WRITABLE, graph_error, objections, resource
from tests.stand_ins.microsoft_mail import Item, OutlookBox
from tests.stand_ins.microsoft_oauth import TENANT, Tokens
from tests.stand_ins.serving import Asked, Reply, StandIn

CLIENT, SECRET = "our-client", "our-secret"
SCOPES = ("Mail.ReadWrite", "Mail.Send", "User.Read")
OWNER = r"/v1\.0/(?:me|users/[^/]+)"
_MESSAGE, _FILES = OWNER + r"/messages/[^/]+", OWNER + r"/messages/[^/]+/attachments"
_PATHS = {
    r"/[^/]+/v2\.0/\.well-known/openid-configuration": {"GET": "configuration"},
    r"/[^/]+/oauth2/v2\.0/authorize": {"GET": "consent"},
    r"/[^/]+/oauth2/v2\.0/token": {"POST": "token"},
    r"/upload/[^/]+": {"PUT": "upload"},
    r"/v1\.0/me": {"GET": "me"},
    OWNER + r"/mailFolders/[^/]+": {"GET": "folders.get"},
    OWNER + r"/mailFolders/[^/]+/messages": {"GET": "messages.list"},
    OWNER + r"/mailFolders/[^/]+/messages/delta": {"GET": "messages.delta"},
    OWNER + r"/messages": {"GET": "messages.list", "POST": "messages.create"},
    _MESSAGE: {"GET": "messages.get", "PATCH": "messages.update", "DELETE": "messages.delete"},
    _MESSAGE + "/createReply": {"POST": "messages.create_reply"},
    _MESSAGE + "/send": {"POST": "messages.send"},
    _MESSAGE + r"/\$value": {"GET": "messages.content"},
    _FILES: {"GET": "files.list", "POST": "files.create"},
    _FILES + "/createUploadSession": {"POST": "files.begin"},
    _FILES + "/[^/]+": {"DELETE": "files.delete"},
}
_NEEDS = {"me": "User.Read", "messages.send": "Mail.Send"}
_LATER = {"categories", "isRead", "singleValueExtendedProperties"}  # what a mail that was sent still takes


@cache
def tls() -> tuple[SSLContext, str]:
    """The server's side of TLS, and the bundle that trusts it: one for all tests of a process."""
    return server_context(Path(tempfile.mkdtemp(prefix="stand-in-")))


class Microsoft(StandIn):
    """`boxes` by address. `chosen` is who sits before the browser; `no` is what that person's refusal is called."""

    def __init__(self) -> None:
        self.boxes: dict[str, OutlookBox] = {}
        self.tokens = Tokens(CLIENT, SECRET)
        self.chosen = ""
        self.declines = False
        self.no = ("access_denied", "AADSTS65004: User declined to consent.")
        self.allows: tuple[str, ...] = SCOPES
        context, self.bundle = tls()
        super().__init__(context)
        self.tokens.issuer = self.address
        self.files = Files(self.address)

    def box(self, address: str) -> OutlookBox:
        return self.boxes.setdefault(address, OutlookBox(address, deliver=self._deliver))

    def _deliver(self, left: Left) -> None:
        """To those who have a mailbox here as well."""
        for address in left.recipients:
            if address in self.boxes:
                self.boxes[address].comes_in(left.raw)

    def token_of(self, address: str, *scopes: str) -> str:
        """An access token without a consent before it."""
        self.box(address)
        return self.tokens.access(address, scopes or SCOPES)

    def name_of(self, asked: Asked) -> str:
        for path, methods in _PATHS.items():
            if re.fullmatch(path, asked.path):
                return methods.get(asked.method, "unknown")
        return "unknown"

    def answer(self, name: str, asked: Asked) -> Reply:
        tenant = asked.path.split("/")[1]
        try:
            if name in ("configuration", "consent", "token") and tenant not in ("organizations", TENANT):
                raise Refused("invalid_tenant", f"AADSTS90002: Tenant '{tenant}' not found.")
            if name == "configuration":
                return Reply(body=self._configuration(tenant))
            if name == "consent":
                return self._consent(asked)
            if name == "token":
                return Reply(body=self.tokens.give(asked.form()))
        except Refused as refused:
            return Reply(refused.status, {"error": refused.error, "error_description": refused.words})
        return self.files.take(asked) if name == "upload" else self._of_a_box(name, asked)

    def _configuration(self, tenant: str) -> dict[str, str]:
        where = f"{self.address}/{tenant}"
        return {
            "issuer": f"{self.address}/{'{tenantid}' if tenant == 'organizations' else tenant}/v2.0",
            "authorization_endpoint": f"{where}/oauth2/v2.0/authorize",
            "token_endpoint": f"{where}/oauth2/v2.0/token",
        }

    def _consent(self, asked: Asked) -> Reply:
        """No answer of Microsoft's names its issuer (RFC 9207 is not spoken there)."""
        address = self.chosen or asked.query["login_hint"]
        where, told = asked.query["redirect_uri"], {"state": asked.query["state"]}
        if self.declines:
            told |= {"error": self.no[0], "error_description": self.no[1]}
        else:
            self.box(address)
            asked_for = set(asked.query["scope"].split())
            scopes = tuple(one for one in self.allows if one in asked_for)
            code = self.tokens.code(address, scopes, asked.query["code_challenge"], where)
            self.tokens.nonces[code] = asked.query["nonce"]
            told |= {"code": code}
        return Reply(302, headers={"Location": f"{where}?{urlencode(told)}"})

    def _of_a_box(self, name: str, asked: Asked) -> Reply:
        held = self.tokens.holder(asked.headers.get("authorization", "").removeprefix("Bearer "))
        if held is None:
            return graph_error(401, "InvalidAuthenticationToken", "Lifetime validation failed.")
        if 'IdType="ImmutableId"' not in asked.headers.get("prefer", ""):
            return graph_error(400, "NotLasting", "Every call must ask for ids that last.")
        if _NEEDS.get(name, "Mail.ReadWrite") not in held[1]:
            return graph_error(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
        address = held[0] or unquote(asked.path.split("/")[3])
        if not held[0] and address not in self.tokens.delegated:
            return graph_error(403, "ErrorAccessDenied", "Access to OData is disabled.")
        box = self.box(address)
        if name == "me":
            mail = box.address if box.licensed else None
            return Reply(body={"id": "1", "mail": mail, "userPrincipalName": box.address})
        if not box.licensed:
            words = "The mailbox is either inactive, soft-deleted, or is hosted on-premise."
            return graph_error(404, "MailboxNotEnabledForRESTAPI", words)
        return self._about_mail(name, box, asked)

    def _about_mail(self, name: str, box: OutlookBox, asked: Asked) -> Reply:
        if name == "folders.get":
            return Reply(body={"id": f"folder-{asked.path.rpartition('/')[2]}"})
        if name in ("messages.create", "messages.list", "messages.delta"):
            return getattr(self, "_" + name.replace(".", "_"))(box, asked)  # type: ignore[no-any-return]
        item = box.seen(inside(asked)[1].replace("%3D", "="))
        if item is None:
            return graph_error(404, "ErrorItemNotFound", "The specified object was not found in the store.")
        if name.startswith("files."):
            return self.files.answer(name, item, asked)
        act = getattr(self, "_" + name.replace(".", "_"), None)
        return graph_error(404, "unknown", "unknown") if act is None else act(box, item, asked)

    def _messages_create(self, box: OutlookBox, asked: Asked) -> Reply:
        fields = asked.json()
        if objected := refused(fields):
            return objected
        wrong = [
            one
            for one in fields.get("internetMessageHeaders", [])
            if not one["name"].lower().startswith("x-")
        ]
        if wrong:
            words = f"The internet message header name '{wrong[0]['name']}' should start with 'x-' or 'X-'."
            return graph_error(400, "InvalidInternetMessageHeader", words)
        return Reply(201, resource(box.new_draft(fields)))

    def _messages_create_reply(self, box: OutlookBox, item: Item, asked: Asked) -> Reply:
        given = asked.json()
        if objected := refused(given.get("message", {})):
            return objected
        if "comment" in given and "body" in given.get("message", {}):
            return graph_error(400, "ErrorInvalidRequest", "Comment and body cannot both be given.")
        return Reply(201, resource(box.answer_to(item.id, given.get("message", {}))))

    def _messages_get(self, box: OutlookBox, item: Item, asked: Asked) -> Reply:
        return Reply(body=resource(item, asked.query.get("$select", ""), asked.query.get("$expand", "")))

    def _messages_update(self, box: OutlookBox, item: Item, asked: Asked) -> Reply:
        fields = asked.json()
        if objected := refused(fields):
            return objected
        if not item.draft and fields.keys() - _LATER:
            return graph_error(400, "ErrorInvalidPropertySet", "The property cannot be set on a sent item.")
        item.write(fields)
        item.changed_at = box.now()
        box.touch(item.id)
        return Reply(body=resource(item))

    def _messages_delete(self, box: OutlookBox, item: Item, asked: Asked) -> Reply:
        box.remove(item.id)
        return Reply(204)

    def _messages_send(self, box: OutlookBox, item: Item, asked: Asked) -> Reply:
        if not item.draft:
            return graph_error(400, "ErrorInvalidRequest", "The item is not a draft.")
        box.send_draft(item.id)
        return Reply(202)

    def _messages_content(self, box: OutlookBox, item: Item, asked: Asked) -> Reply:
        return Reply(body=item.raw)

    def _messages_list(self, box: OutlookBox, asked: Asked) -> Reply:
        parts, wanted = inside(asked), asked.query.get("$filter", "")
        folder = parts[1] if parts[0] == "mailFolders" else ""
        listed = [one for one in box.mails.values() if box.seen(one.id) and one.id not in box.unlisted]
        found = [one for one in listed if folder in ("", one.folder)]
        quoted = re.findall(r"eq '((?:[^']|'')*)'", wanted)
        if wanted.startswith("internetMessageId eq "):
            found = [one for one in found if one.name == quoted[0]]
        elif wanted.startswith("singleValueExtendedProperties/Any(ep: ep/id eq "):
            found = [one for one in found if one.properties.get(quoted[0]) == quoted[1]]
        elif wanted:
            return graph_error(400, "BadRequest", f"Invalid filter clause: {wanted}")
        shown = [
            resource(one, asked.query.get("$select", "")) for one in found[: int(asked.query.get("$top", 10))]
        ]
        return Reply(body={"value": shown})

    def _messages_delta(self, box: OutlookBox, asked: Asked) -> Reply:
        """A token is the number up to which was told, and the page on the way to the next one."""
        folder = inside(asked)[1]
        token = asked.query.get("$skiptoken") or asked.query.get("$deltatoken") or "0.0"
        start, page = (int(one) for one in token.split("."))
        if 0 < start < box.oldest:
            return graph_error(410, "SyncStateNotFound", "The sync state generation is not found.")
        found, most = box.since(folder, start, "created"), _page_size(asked)
        names = asked.query.get("$select", "id,conversationId,receivedDateTime,isDraft")
        shown = [resource(one, names) for one in found[page : page + most]]
        where = f"{self.address}{asked.path}"
        if len(found) > page + most:
            onward = {"@odata.nextLink": f"{where}?$skiptoken={start}.{page + most}"}
        else:
            onward = {"@odata.deltaLink": f"{where}?$deltatoken={max(box.number(), 1)}.0"}
        return Reply(body={"value": shown, **onward})


def refused(fields: dict[str, Any]) -> Reply | None:
    """None for what Graph takes."""
    wrong = objections(fields, WRITABLE)
    return graph_error(400, "RequestBodyRead", "; ".join(wrong)) if wrong else None


def inside(asked: Asked) -> list[str]:
    """What the address names within a mailbox, whoever that is."""
    return re.sub(OWNER + "/", "", asked.path).split("/")


def _page_size(asked: Asked) -> int:
    named = re.search(r"odata\.maxpagesize=(\d+)", asked.headers.get("prefer", ""))
    return int(named[1]) if named else 10
