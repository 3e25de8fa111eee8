"""What a mail would do better, said while it is written. A hint never stops anything: errors are elsewhere. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sales_campaigns.content.fields import unknown_names
from sales_campaigns.content.html import inline_styles, sanitise, to_text
from sales_campaigns.content.rendering import Content, needs_of
from sales_campaigns.errors import Invalid

LONGEST_SUBJECT = 60  # characters: what a phone shows
MOST_LINKS = 5
LARGE = 60_000  # bytes of HTML: large providers cut what is over it
LOUD = 5  # letters of a word in capitals that is no abbreviation any more
MOST_WORDS = 200  # of a one-to-one mail that people read to its end

_FIELD = re.compile(r"\{[{%].*?[%}]\}", re.DOTALL)
_LINK = re.compile(r"""<a\b[^>]*?\shref\s*=\s*["']([^"']*)["']""", re.IGNORECASE)
_IMAGE = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_NAMED = re.compile(r"""\salt\s*=\s*(?:"[^"]*[^"\s][^"]*"|'[^']*[^'\s][^']*')""", re.IGNORECASE)
_SHOUTED = re.compile(r"[!?]{2,}|!.*!")
_OPT_OUT = re.compile(r"unsubscri|opt[ -]?out", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Hint:
    """One sentence about `part`: subject, html or text."""

    part: str
    words: str


def hints_for(
    content: Content,
    *,
    custom_fields: Collection[str] = (),
    bulk: bool = False,
    unsubscribe_link: bool = False,
) -> list[Hint]:
    """What is worth a second look, in the order of the mail; nothing for a mail that nobody has begun.

    `custom_fields` are the team's own. `bulk`: it goes to many at once, who must be able to unsubscribe;
    `unsubscribe_link` tells that the product puts a link under it.
    """
    found = [*_of_subject(content.subject), *_of_html(content.html), *_of_fields(content, custom_fields)]
    if bulk and content.html.strip() and not unsubscribe_link and not _OPT_OUT.search(content.html):
        words = "Nothing says how to unsubscribe. A mail to many must: write it, or let the footer do so."
        found.append(Hint("html", words))
    return found


def _of_subject(subject: str) -> Iterator[Hint]:
    shown = " ".join(_FIELD.sub("", subject).split())
    if len(shown) > LONGEST_SUBJECT:
        words = f"The subject has {len(shown)} characters; phones show about {LONGEST_SUBJECT}."
        yield Hint("subject", words)
    if shown.isupper() and max(map(len, re.findall(r"[^\W\d_]+", shown))) >= LOUD:
        yield Hint("subject", "A subject all in capitals reads as shouting, and filters take it for spam.")
    if _SHOUTED.search(shown):
        yield Hint("subject", "Several exclamation or question marks make filters suspicious.")


def _of_html(html: str) -> Iterator[Hint]:
    yield from _of_links(html)
    pictures = _IMAGE.findall(html)
    unnamed = sum(not _NAMED.search(picture) for picture in pictures)
    if unnamed:
        what = "A picture has" if unnamed == 1 else f"{unnamed} pictures have"
        yield Hint("html", f"{what} no words (alt) for those whose mail program shows no pictures.")
    words = len(to_text(sanitise(inline_styles(html))).split()) if html.strip() else 0
    if pictures and words < 20:
        yield Hint("html", "A mail of pictures with few words is often taken for spam.")
    if words > MOST_WORDS:
        yield Hint("html", f"The text has {words} words; mails under {MOST_WORDS} are answered more often.")
    size = len(html.encode())
    if size > LARGE:
        yield Hint("html", f"The text is {size // 1000} KB; some mail programs cut what is over 60 KB.")


def _of_links(html: str) -> Iterator[Hint]:
    links = [link.strip() for link in _LINK.findall(html)]
    web = [link for link in links if not link.startswith(("mailto:", "tel:", "#"))]
    if len(web) > MOST_LINKS:
        yield Hint(
            "html", f"The text has {len(web)} links; more than {MOST_LINKS} look like an advertisement."
        )
    for link in dict.fromkeys(web):
        if link.lower().startswith("http://"):
            yield Hint("html", f"The link {_short(link)} is not secure: write https.")
        elif not link.lower().startswith("https://") and not link.startswith("{{"):
            yield Hint("html", f"The link “{_short(link)}” leads nowhere: write it with https://.")


def _of_fields(content: Content, custom: Collection[str]) -> Iterator[Hint]:
    """What cannot be parsed is an error, which is said when it is saved."""
    for part in ("subject", "html", "text"):
        try:
            used = needs_of(Content("", getattr(content, part))).used
        except Invalid:
            continue
        for name in unknown_names(used, custom):
            words = f"No field is called “{name}”: give it a default, or the mail leaves to nobody."
            yield Hint(part, words)


def _short(link: str) -> str:
    return link if len(link) <= 60 else f"{link[:57]}…"
