"""Files of mails: taken in while a mail is written, taken out again, and fetched by whoever sees the mail."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, Response, request, send_file

from sales_campaigns.content.bundles import bundle_named, content_at, withdraw
from sales_campaigns.errors import Invalid
from web.answers import go, page
from web.parts.attachments import bundle_typed, files_again, files_shown
from web.parts.way_back import way_back
from web.request_scope import me, work

pages = Blueprint("attachments", __name__, url_prefix="/attachments")


@pages.post("")
def change() -> str | tuple[str, int]:
    """The part of the form that lists the files, after one was chosen or taken out."""
    try:
        return _part(bundle_typed(me().team_id), "")
    except Invalid as refusal:
        return _part(files_again(request.form)["bundle_id"], refusal.problems["attach"]), 422


@pages.get("/<digest>/<int:position>")
def fetch(digest: str, position: int) -> Response:
    """Always as a file to keep: nothing of it runs among our pages."""
    attachment, content = content_at(work().session, bundle_named(work().session, me(), digest), position)
    answer = send_file(
        BytesIO(content),
        mimetype=attachment.media_type,
        as_attachment=True,
        download_name=attachment.name,
        max_age=0,
    )
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


@pages.post("/<digest>/<int:position>/withdraw")
def take_out(digest: str, position: int) -> Response:
    name = withdraw(work(), me(), bundle_named(work().session, me(), digest), position)
    words = (
        f"“{name}” is withdrawn: no mail leaves with it. Those that would have carried it are to be mended."
    )
    return go(way_back("/"), words)


def _part(bundle_id: int | None, error: str) -> str:
    return page("mail_form/_attachments.html", files=files_shown(bundle_id), error=error)
