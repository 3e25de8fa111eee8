"""Where a button in the CRM sends the rows that a rep chose. The signature is the proof; no session is behind it."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request, url_for

from sales_campaigns.clock import machine_now
from sales_campaigns.crm.adding import Signed, take_addition
from sales_campaigns.errors import Invalid, NotAllowed, NotFound
from web.parts.crm_links import outside_address
from web.request_scope import house, work

STATUS = {NotFound: 404, NotAllowed: 403, Invalid: 422}


def add_to(pages: Blueprint) -> None:
    pages.add_url_rule("/crm/<int:connection_id>/people", "crm_people", take_in, methods=["POST"])


def take_in(connection_id: int) -> tuple[Response, int]:
    """202 and the page on which the rep goes on; or why not, as problem+json."""
    given = request.headers
    signed = Signed(
        given.get("X-Timestamp", ""),
        given.get("X-Signature", "").removeprefix("sha256="),
        request.get_data(cache=False),
    )
    try:
        row = take_addition(work(), house().seal, connection_id, signed, machine_now())
    except (NotFound, NotAllowed, Invalid) as refusal:
        answer = jsonify(title=refusal.words, status=STATUS[type(refusal)])
        answer.content_type = "application/problem+json"
        return answer, STATUS[type(refusal)]
    there = outside_address(url_for("crm_people.chosen", addition_id=row.id))
    return jsonify(open=there, people=len(row.crm_ids)), 202
