"""Style sheets, scripts and icons stay in the browser: their address says which release they are of.

A page needs some thirty of them. Asked for by an address that never holds anything else, each crosses the line once; a
module that imports the one beside it asks for the same release.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, send_from_directory

FOLDER = Path(__file__).parent / "static"
KEPT = timedelta(days=365)


def install(app: Flask) -> None:
    app.add_url_rule("/static/<release>/<path:filename>", "static", _asset)
    app.url_defaults(_say_release)


@cache
def of_the_files() -> str:
    """The same on every machine that serves the same files."""
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted(path for path in FOLDER.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(FOLDER)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _say_release(endpoint: str, values: dict[str, Any]) -> None:
    if endpoint == "static":
        values.setdefault("release", of_the_files())


def _asset(release: str, filename: str) -> Response:
    """A page that was opened before an upgrade asks for an older release: it gets what there is, and keeps nothing. So
    it is while the product is worked on (`--debug`), when files change under the process.
    """
    answer = send_from_directory(FOLDER, filename)
    if release == of_the_files() and not current_app.debug:
        answer.cache_control.max_age = int(KEPT.total_seconds())
        answer.cache_control.public = True
        answer.cache_control.immutable = True
        answer.cache_control.no_cache = None
    return answer
