"""Proofs of a delivery: what was sent and what became of it, and sending more; the mail as any recipient gets it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, make_response, request, url_for

from sales_campaigns.accounts.roles import may
from sales_campaigns.deliveries.listing import delivery_of
from sales_campaigns.deliveries.models import Delivery, DeliverySetup
from sales_campaigns.deliveries.policies import Task, task_of
from sales_campaigns.deliveries.proofing.lists import proofs_of
from sales_campaigns.deliveries.proofing.previewing import (
    Around,
    around,
    as_recipient,
    find_recipients,
    worth_a_look,
)
from sales_campaigns.deliveries.proofing.profiles import profiles_of
from sales_campaigns.deliveries.proofs import send_proofs
from sales_campaigns.deliveries.variants.reading import wordings_of
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.people.models import Person
from web.answers import go, page
from web.filters import count_words
from web.numbers import row_of, whole
from web.pages.mails.previews import POLICY
from web.request_scope import me, work

pages = Blueprint("proofs", __name__, url_prefix="/deliveries/<int:delivery_id>")


@pages.get("/proofs")
def index(delivery_id: int) -> str:
    """`?as=` is the person whose mail was looked at."""
    shown_as = request.args.get("as", 0, whole)
    return _proofs(_delivery(delivery_id), {"as": shown_as or ""}, [], {})


@pages.post("/proofs")
def send(delivery_id: int) -> Response | tuple[str, int]:
    typed, profiles = request.form, request.form.getlist("profiles", whole)
    shown_as = typed.get("as", 0, whole) or None
    delivery = _delivery(delivery_id)
    try:
        number = send_proofs(
            work(),
            me(),
            delivery_id,
            typed.get("addresses", ""),
            profiles=profiles,
            person_id=shown_as,
            variants=list(filter(None, [typed.get("variant", "")])),
        )
    except Invalid as refusal:
        problems = {"addresses": refusal.problems.get("addresses", refusal.words)}
        return _proofs(delivery, typed, profiles, problems), 422
    words = f"Proofs are on their way to {count_words(number, 'address', 'addresses')}."
    return go(url_for(".index", delivery_id=delivery_id), words)


@pages.get("/preview")
def preview(delivery_id: int) -> str:
    """`?person=` is who gets it, `?words=` whom to look for, `?variant=` which of the variants is shown, `?width=`
    whether as a phone shows it.
    """
    session, delivery = work().session, _delivery(delivery_id)
    task, words = _task(delivery), request.args.get("words", "").strip()[:200]
    here = around(session, task, request.args.get("person", None, whole))
    return page(
        "delivery/preview.html",
        delivery=delivery,
        here=here,
        shown=as_recipient(session, task, here.person, _letter(task)) if here else None,
        way=_way(delivery, here, _letter(task)),
        letters=list(task.contents) if task.test else [],
        variant=_letter(task),
        width=_width(),
        words=words,
        found=find_recipients(session, task, words) if words else [],
        offered=worth_a_look(session, task),
        may_prepare=may(me(), "prepare_deliveries"),
    )


@pages.get("/preview/mail")
def mail(delivery_id: int) -> Response:
    """The document inside the frame. The rule of the mirror page: nothing in it loads or runs."""
    session, task = work().session, _task(_delivery(delivery_id))
    here = around(session, task, request.args.get("person", None, whole))
    if here is None:
        raise NotFound("Nobody is in this audience.")
    shown = as_recipient(session, task, here.person, _letter(task))
    response = make_response(page("previews/mail.html", shown=shown, person=here.person, problem=""))
    response.headers["Content-Security-Policy"] = POLICY
    return response


def _delivery(delivery_id: int) -> Delivery:
    return delivery_of(work().session, me(), delivery_id)


def _task(delivery: Delivery) -> Task:
    return task_of(work().session, delivery, work().now)


def _letter(task: Task) -> str:
    """The variant that is asked for, else A."""
    wanted = request.args.get("variant", "")
    return wanted if wanted in task.contents else next(iter(task.contents))


def _width() -> str | None:
    return "phone" if request.args.get("width") == "phone" else None


def _way(delivery: Delivery, here: Around | None, variant: str) -> dict[str, str]:
    """To the recipients before and after this one."""
    places = {"previous": here.before, "next": here.after} if here else {}
    return {
        name: url_for(".preview", delivery_id=delivery.id, person=person, variant=variant, width=_width())
        for name, person in places.items()
        if person is not None
    }


def _letters(delivery: Delivery) -> list[str]:
    """Of its variants; none for a delivery without a test."""
    setup = work().session.get(DeliverySetup, delivery.id)
    letters = list(wordings_of(work().session, setup)) if setup else []
    return letters if len(letters) > 1 else []


def _proofs(
    delivery: Delivery, typed: Mapping[str, Any], profiles: Sequence[int], problems: Mapping[str, str]
) -> str:
    session = work().session
    shown_as = session.get(Person, row_of(str(typed.get("as") or "")))
    hidden = shown_as is not None and shown_as.team_id != delivery.team_id
    return page(
        "delivery/proofs.html",
        delivery=delivery,
        lines=proofs_of(session, delivery.id),
        profiles=[
            (one.id, f"{one.name} <{one.email}>", f"as {person.name}" if person else "")
            for one, person in profiles_of(session, me())
        ],
        chosen=profiles,
        typed=typed,
        shown_as=None if hidden else shown_as,
        problems=problems,
        letters=_letters(delivery),
        may_send=may(me(), "prepare_deliveries") and delivery.campaign_id is None,
    )
