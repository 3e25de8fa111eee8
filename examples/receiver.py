"""Take webhooks and check that they come from the installation: SECRET=whsec_… python receiver.py 9000

Needs nothing but Python. Prints the kind of each event.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = base64.b64decode(os.environ["SECRET"].removeprefix("whsec_"))
OLDEST = 5 * 60


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self.is_signed(body):
            self.send_error(401)
            return
        event = json.loads(body)
        # The same call may come twice: remember self.headers["webhook-id"] where that matters.
        print(event["kind"], flush=True)
        self.send_response(204)
        self.end_headers()

    def is_signed(self, body: bytes) -> bool:
        call, at = self.headers.get("webhook-id", ""), self.headers.get("webhook-timestamp", "0")
        wanted = base64.b64encode(hmac.new(KEY, f"{call}.{at}.".encode() + body, hashlib.sha256).digest())
        shown = self.headers.get("webhook-signature", "").split()
        fits = any(hmac.compare_digest(b"v1," + wanted, one.encode()) for one in shown)
        return fits and abs(time.time() - int(at)) < OLDEST  # noqa: TID251  a program of its own

    def log_message(self, *_: object) -> None:
        return


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
