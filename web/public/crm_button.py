"""Where a button in the CRM sends the rows that a rep chose. The signature is the proof; no session is behind it."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request, url_for

from sales_campaigns.clock import machine_now
from sales_campaigns.crm.adding import Signed, take_addition
from web.api.protocol.reading import body_bytes
from web.parts.crm_links import outside_address
from web.request_scope import house, work


def add_to(pages: Blueprint) -> None:
    pages.add_url_rule("/crm/<int:connection_id>/people", "crm_people", take_in, methods=["POST"])


def take_in(connection_id: int) -> tuple[Response, int]:
    """202 and the page on which the rep goes on."""
    given = request.headers
    signed = Signed(
        given.get("X-Timestamp", ""),
        given.get("X-Signature", "").removeprefix("sha256="),
        body_bytes(),
    )
    row = take_addition(work(), house().seal, connection_id, signed, machine_now())
    there = outside_address(url_for("crm_people.chosen", addition_id=row.id))
    return jsonify(open=there, people=len(row.crm_ids)), 202
