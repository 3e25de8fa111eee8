"""Where a button was pressed: the page to go back to, and what it was showing."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from flask import request
from werkzeug.datastructures import MultiDict


def way_back(otherwise: str) -> str:
    """Where the form leads, or the page of ours that the button stood on. Never another site."""
    return _ours(
        request.form.get("back") or request.headers.get("HX-Current-URL") or request.referrer, otherwise
    )


def way_on(otherwise: str) -> str:
    """Where the form leads: the page it stood on has nothing more to show once it is sent."""
    return _ours(request.form.get("back"), otherwise)


def shown_there() -> MultiDict[str, str]:
    """The query of that page: what its list was narrowed to."""
    return MultiDict(parse_qsl(urlsplit(way_back("")).query))


def _ours(wanted: str | None, otherwise: str) -> str:
    try:
        parts = urlsplit(wanted or "")
    except ValueError:  # such as an open bracket in the name of a host
        return otherwise
    ours = parts.netloc in {"", request.host} and parts.path.startswith("/")
    if not ours or parts.path.startswith("//") or "\\" in parts.path:
        return otherwise
    return parts.path + (f"?{parts.query}" if parts.query else "")
