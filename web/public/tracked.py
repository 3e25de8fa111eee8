"""What a mail asks of us: its pixel, its links, its mirror page. Quick, without a sign-in, the same however often."""

from __future__ import annotations

import email
from base64 import b64decode
from email import policy

from flask import Blueprint, Response, redirect, request

from sales_campaigns.content.html import for_frame
from sales_campaigns.errors import NotFound
from sales_campaigns.messages.letters.tokens import message_in
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.outbox.lines import exact_mail
from sales_campaigns.tracking.machines import Hit
from sales_campaigns.tracking.models import EventKind
from sales_campaigns.tracking.noticing import notice, target_of
from web.request_scope import maybe_me, settings, work, writing

PIXEL = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
# Nothing runs and nothing is fetched: this page shows a mail, not us.
MIRROR_POLICY = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data:; "
MIRROR_POLICY += "style-src 'unsafe-inline'; frame-ancestors 'none'"


def add_to(pages: Blueprint) -> None:
    pages.add_url_rule("/t/o/<token>.gif", "opened", opened)
    pages.add_url_rule("/t/c/<token>/<int:link>", "clicked", clicked)
    pages.add_url_rule("/m/<token>", "mirror", mirror)


def message_of_token(token: str) -> int:
    """Raises NotFound for a token that we have not signed."""
    known = settings()
    found = message_in(token, [key for key in (known.secret_key, known.secret_key_old) if key])
    if found is None:
        raise NotFound
    return found


def opened(token: str) -> Response:
    _notice(message_of_token(token), EventKind.OPEN)
    return Response(PIXEL, mimetype="image/gif")


def clicked(token: str, link: int) -> Response:
    """The rule: redirects by id only. Whoever follows it is led on, noticed or not."""
    message_id = message_of_token(token)
    target = target_of(work().session, message_id, link)
    if target is None:
        raise NotFound
    _notice(message_id, EventKind.CLICK, link)
    answer = redirect(target, 302)
    answer.headers["Referrer-Policy"] = "no-referrer"
    assert isinstance(answer, Response)
    return answer


def mirror(token: str) -> Response:
    """The mail as it left, for whoever holds it; its remote pictures stay out."""
    message_id = message_of_token(token)
    message = work().session.get(Message, message_id)
    sent = exact_mail(work().session, message) if message is not None else None
    if sent is None:
        raise NotFound
    part = email.message_from_bytes(sent, policy=policy.default).get_body(("html", "plain"))
    body = for_frame(str(part.get_content())) if part is not None else ""
    _notice(message_id, EventKind.MIRROR)
    answer = Response(body, mimetype="text/html")
    answer.headers["Content-Security-Policy"] = MIRROR_POLICY
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def _notice(message_id: int, kind: EventKind, link: int | None = None) -> None:
    """In a transaction of its own, because the request itself only reads."""
    asked = request.headers
    purpose = asked.get("Sec-Purpose") or asked.get("Purpose") or asked.get("X-Moz") or ""
    hit = Hit(request.method, asked.get("User-Agent", ""), purpose, own=maybe_me() is not None)
    with writing() as uow:
        notice(uow, message_id, kind, hit, link)
