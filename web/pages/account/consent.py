"""Connecting a mailbox by consent: to the provider that asks the rep, and back with the answer."""

from __future__ import annotations

from flask import Blueprint, Response, g, make_response, request, url_for

from sales_campaigns.absence.reconnecting import consented_and_go_on
from sales_campaigns.accounts.authorising.asking import Question, ask, code_in, take_answer
from sales_campaigns.accounts.authorising.granting import expect
from sales_campaigns.accounts.mailboxes import mailbox_of
from sales_campaigns.errors import Invalid, NotFound, Outside
from sales_campaigns.ports import Consent, Granted
from web.answers import go, page
from web.pages.account.mailbox import mailbox_page
from web.parts.letting_go import let_go
from web.request_scope import give_up, house, me, outside, work, writing

pages = Blueprint("consent", __name__, url_prefix="/mailbox/consent")


@pages.post("/<provider>")
def begin(provider: str) -> Response:
    """A page that leads on to the provider: the policy of our pages lets no form lead there."""
    consent, typed = _consent(provider), request.form
    try:
        where = ask(
            work(),
            me(),
            consent,
            house().seal,
            provider=provider,
            address=typed.get("consent_address", ""),
            session=g.token,
            redirect=_way_back(),
        )
    except Invalid as refusal:
        return mailbox_page(typed, refusal.problems)
    return make_response(page("mailbox/onwards.html", where=where, label=consent.label))


@pages.get("")
def back() -> Response:
    """The provider's answer. It is used up before anything is asked, and no transaction is open meanwhile."""
    if "state" not in request.args:
        return go(url_for("mailbox.index"))
    try:
        with writing() as uow:
            question = take_answer(uow, me(), house().seal, g.token, request.args)
        consent = _consent(question.provider)
        granted = _redeemed(consent, question, code_in(request.args, consent))
        lacks = _keep(consent, question, granted)
    except (Invalid, Outside) as refusal:
        return mailbox_page(None, {"": refusal.words.removeprefix("address: ")})
    reduced = " What it cannot do stands below." if lacks else ""
    return go(url_for("mailbox.index"), f"{granted.address} is connected by {consent.label}.{reduced}")


@pages.post("/end")
def end() -> Response:
    """Nothing of it is kept; connecting it again undoes that."""
    box = mailbox_of(work().session, me())
    if box is None:
        raise NotFound("Connect a mailbox first.")
    return go(url_for("mailbox.index"), let_go(me(), box.id))


def _redeemed(consent: Consent, question: Question, code: str) -> Granted:
    give_up()
    granted = consent.redeem(code, question.verifier, question.redirect)
    expect(granted, question.address)
    return granted


def _keep(consent: Consent, question: Question, granted: Granted) -> tuple[str, ...]:
    lacks, reads = consent.lacking(granted.scopes), consent.reads(granted.scopes)
    with writing() as uow:
        consented_and_go_on(uow, me(), me(), question.provider, granted, house().seal, reads=reads)
    return lacks


def _consent(provider: str) -> Consent:
    consent = outside().consents.get(provider)
    if consent is None:
        raise NotFound("This provider is not set up here.")
    return consent


def _way_back() -> str:
    """The same for everybody: it is registered with the provider, letter by letter."""
    return (house().settings.public_url or request.host_url.rstrip("/")) + url_for("consent.back")
