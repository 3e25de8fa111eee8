"""Hints about a mail while it is written: asked again when the writer pauses."""

from __future__ import annotations

from flask import Blueprint, request

from web.answers import page
from web.parts.writing import hints_typed
from web.request_scope import give_up

pages = Blueprint("hints", __name__)


@pages.post("/hints")
def show() -> str:
    """The part that lists them. Nothing is written, so nothing is kept."""
    found = hints_typed(request.form, bulk="bulk" in request.form)
    give_up()
    return page("mail_form/_hints.html", hints=found, bulk="bulk" in request.form)
