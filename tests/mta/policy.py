"""How the servers of the recipients behave: a policy server that Postfix asks at every RCPT (SMTPD_POLICY_README).

The local part says it: `nobody…` is unknown, `refused…` is against the policy, `full…` has no room for the first
two attempts, `stuffed…` has none until it is `emptied`, `reply…` writes back, `away…` is on leave, everybody else just
takes mail.
Mail to `@here.example` is judged while we hand it over, to `@there.example` later, by a server behind ours.
"""

from __future__ import annotations

import re
import socketserver
import threading
from collections import Counter

REFUSALS = {
    "nobody": "550 5.1.1 User unknown in virtual mailbox table",
    "refused": "550 5.7.1 Message refused by the policy of this site",
    "stuffed": "452 4.2.2 Mailbox full",
}
TRIES_UNTIL_THERE_IS_ROOM = 2
_KIND = re.compile(r"[a-z]+")


class Policy:
    """Serves on a free port of this machine while the block lasts. `asked` counts the attempts for each address;
    those in `emptied` have room again.
    """

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.emptied: set[str] = set()
        self.hop = 0  # the port behind which @there.example is judged; set once it is known
        self._server = _Server(("127.0.0.1", 0), _Questions)
        self._server.policy = self
        self.port = int(self._server.server_address[1])

    def __enter__(self) -> Policy:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, recipient: str, port: int) -> str:
        """The action for one recipient, in the words of access(5)."""
        local, _, domain = recipient.lower().partition("@")
        if domain not in ("here.example", "there.example") or (
            domain == "there.example" and port != self.hop
        ):
            return "DUNNO"
        kind = found[0] if (found := _KIND.match(local)) else ""
        self.asked[recipient.lower()] += 1
        if kind == "full" and self.asked[recipient.lower()] <= TRIES_UNTIL_THERE_IS_ROOM:
            return REFUSALS["stuffed"]
        if kind in REFUSALS and recipient.lower() not in self.emptied:
            return REFUSALS[kind]
        return f"FILTER {kind if kind in ('reply', 'away') else 'virtual'}:{domain}"


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    policy: Policy


class _Questions(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        asked: dict[str, str] = {}
        for line in self.rfile:
            name, equals, value = line.decode("utf-8", "replace").rstrip("\n").partition("=")
            if equals:
                asked[name] = value
                continue
            action = self.server.policy.answer(asked.get("recipient", ""), int(asked.get("server_port") or 0))
            self.wfile.write(f"action={action}\n\n".encode())
            asked = {}
