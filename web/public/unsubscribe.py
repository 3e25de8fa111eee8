"""Unsubscribing: a page that asks what and why, and one click of the mail program (RFC 8058). Never by GET."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request

from sales_campaigns.accounts.models import Team
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.enrollments.answers.opting_out import unsubscribe_by_link
from sales_campaigns.errors import NotFound
from sales_campaigns.messages.models import Message
from web.public.tracked import message_of_token
from web.request_scope import work

REASONS = ("I get too many mails", "It is nothing for me", "I never asked for it", "I am the wrong person")
LONGEST = 500


def add_to(pages: Blueprint) -> None:
    pages.add_url_rule("/u/<token>", "unsubscribe", show)
    pages.add_url_rule("/u/<token>", "unsubscribe_now", unsubscribe, methods=["POST"])


def show(token: str) -> str:
    return _page(_message(token))


def unsubscribe(token: str) -> Response:
    """The rule: one click works by POST without cookies. The token is the proof; a mail program has no other."""
    message = _message(token)
    unsubscribe_by_link(
        work(), message.id, only_campaign=request.form.get("what") == "campaign", reason=_reason()
    )
    return make_response(_page(message, done=request.form.get("what") or "all"))


def _reason() -> str:
    chosen, words = request.form.get("why", ""), request.form.get("words", "").strip()
    known = chosen if chosen in REASONS else ""
    return ": ".join(filter(None, [known, words[:LONGEST]]))


def _message(token: str) -> Message:
    message = work().session.get(Message, message_of_token(token))
    if message is None or message.proof:
        raise NotFound
    return message


def _page(message: Message, done: str = "") -> str:
    session = work().session
    campaign = session.get(Campaign, message.campaign_id) if message.campaign_id else None
    return render_template(
        "unsubscribe/index.html",
        team=session.get_one(Team, message.team_id).name,
        in_campaign=campaign is not None,
        email=masked(message.email),
        reasons=[(one, one) for one in REASONS],
        done=done,
    )


def masked(email: str) -> str:
    """Enough for whoever has the mail, too little for whoever was forwarded it: m…@example.com."""
    name, _, domain = email.partition("@")
    return f"{name[:1]}…@{domain}"
