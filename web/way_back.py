"""Where a button was pressed: the page to go back to, and what it was showing."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from flask import request
from werkzeug.datastructures import MultiDict


def way_back(otherwise: str) -> str:
    """The page of ours that the button stood on; `otherwise` where it is not known. Never another site."""
    wanted = (
        request.form.get("back", "") or request.headers.get("HX-Current-URL", "") or request.referrer or ""
    )
    parts = urlsplit(wanted)
    ours = parts.netloc in {"", request.host} and parts.path.startswith("/")
    if not ours or parts.path.startswith("//") or "\\" in parts.path:
        return otherwise
    return parts.path + (f"?{parts.query}" if parts.query else "")


def shown_there() -> MultiDict[str, str]:
    """The query of that page: what its list was narrowed to."""
    return MultiDict(parse_qsl(urlsplit(way_back("")).query))
