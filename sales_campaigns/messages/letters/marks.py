"""What a mail carries beside its words: a pixel, links that lead through us, the way to unsubscribe, its mirror page.

The rule: while PUBLIC_URL is unset, points to loopback or fails the outside check, nothing that leaves a real
mailbox contains a link, pixel or header that needs it; unsubscribing works by mailto.
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any
from urllib.parse import quote as percent_encoded

from sales_campaigns.content.rendering import Rendered
from sales_campaigns.content.tracked_links import lead_through

MIRROR = "View in browser"
FOOTER = "If you would rather not get mail from us, [unsubscribe here]."
_WORDS_OF_LINK = re.compile(r"\[([^\[\]\n]+)\]")


@dataclass(frozen=True, slots=True)
class Marks:
    """`address` is where our pages are reached from outside, "" where nothing may lead there. `footer` is the text
    of the team, "" for none; the words of its link stand in brackets. `mirror`: it begins with a link to its own
    page.
    """

    address: str
    token: str
    opens: bool
    clicks: bool
    footer: str
    mirror: bool = False

    @property
    def leads_back(self) -> bool:
        return bool(self.address)


def stored_marks(marks: Marks) -> dict[str, Any]:
    """As a recipe keeps it."""
    return asdict(marks)


def dressed(body: Rendered, source: str, marks: Marks | None, sender: str) -> Rendered:
    """The own words of a mail with what they carry, before anything is quoted under them.

    `source` is the HTML they were made from. The rule: a quoted copy stands without pixel, tracked links or footer.
    """
    if marks is None:
        return body
    html = body.html
    if marks.leads_back and marks.clicks:
        html = lead_through(html, source, lambda place: f"{marks.address}/t/c/{marks.token}/{place}")
    whole = _with_mirror(replace(body, html=html), marks)
    return _with_pixel(_with_footer(whole, marks, sender), marks)


def headers_of(marks: Marks | None, sender: str) -> Mapping[str, str]:
    """List-Unsubscribe (RFC 2369) by mail, and by one click (RFC 8058) where our pages can be reached."""
    by_mail = f"<{_mail_to(sender)}>"
    if marks is None or not marks.leads_back:
        return {"List-Unsubscribe": by_mail}
    return {
        "List-Unsubscribe": f"<{marks.address}/u/{marks.token}>, {by_mail}",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def footer_problem(text: str) -> str:
    """What is wrong with the text of a team; "" for nothing."""
    if len(text) > 2_000:
        return "Write at most 2,000 characters."
    return "" if _WORDS_OF_LINK.search(text) else "Put the words of the link in brackets: [unsubscribe here]."


def _with_mirror(body: Rendered, marks: Marks) -> Rendered:
    """The link is by the token of the mail: whoever holds it sees the mail as it left, and nothing else."""
    if not (marks.leads_back and marks.mirror):
        return body
    page = f"{marks.address}/m/{marks.token}"
    link = f'<a href="{entities.escape(page)}" style="color:#666666">{MIRROR}</a>'
    line = f'<div class="mirror" style="font-size:12px">{link}<br><br></div>'
    return replace(body, html=line + body.html, text=f"{MIRROR}: {page}\n\n{body.text}")


def _with_footer(body: Rendered, marks: Marks, sender: str) -> Rendered:
    """The rule: the first link of the team's text always leads to our unsubscribe page."""
    if not marks.footer:
        return body
    way = f"{marks.address}/u/{marks.token}" if marks.leads_back else _mail_to(sender)
    link = f'<a href="{entities.escape(way)}">\\1</a>'
    words = _WORDS_OF_LINK.sub(link, entities.escape(marks.footer, quote=False), count=1)
    html = (
        f'<div class="footer" style="color:#666666;font-size:12px"><br>{words.replace(chr(10), "<br>")}</div>'
    )
    text = _WORDS_OF_LINK.sub(lambda match: f"{match[1]}: {way}", marks.footer, count=1)
    return replace(body, html=body.html + html, text=f"{body.text}\n\n{text}")


def _with_pixel(body: Rendered, marks: Marks) -> Rendered:
    if not (marks.leads_back and marks.opens):
        return body
    source = f"{marks.address}/t/o/{marks.token}.gif"
    return replace(body, html=f'{body.html}<img src="{source}" alt="" width="1" height="1">')


@lru_cache(maxsize=1_000)
def _mail_to(sender: str) -> str:
    return f"mailto:{percent_encoded(sender, safe='@.+-_')}?subject=unsubscribe"
