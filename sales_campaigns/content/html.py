"""HTML for mail: what may leave, what a preview may show, and the text part made from it."""

from __future__ import annotations

import re

import css_inline
import nh3
from inscriptis import get_text
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.model.config import ParserConfig

# Layout and type only: nothing that lays text over text or moves it out of sight.
_STYLES = {
    "background", "background-color", "border", "border-bottom", "border-bottom-color",
    "border-bottom-style", "border-bottom-width", "border-collapse", "border-color", "border-left",
    "border-radius", "border-right",
    "border-spacing", "border-style", "border-top", "border-width", "clear", "color", "direction", "display",
    "float", "font", "font-family", "font-size", "font-style", "font-variant", "font-weight", "height",
    "letter-spacing", "line-height", "list-style", "list-style-type", "margin", "margin-bottom",
    "margin-left", "margin-right", "margin-top", "max-height", "max-width", "min-height", "min-width",
    "padding",
    "padding-bottom", "padding-left", "padding-right", "padding-top", "table-layout", "text-align",
    "text-decoration", "text-indent", "text-transform", "vertical-align", "white-space", "width",
    "word-break", "word-spacing", "word-wrap",
}  # fmt: skip
_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "center", "cite", "code", "col", "colgroup", "dd", "del",
    "div", "dl", "dt", "em", "figcaption", "figure", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i",
    "img", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "s", "small", "span", "strike", "strong", "sub",
    "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul", "wbr",
}  # fmt: skip
_TABLE = {"align", "bgcolor", "valign", "width", "height"}
_ATTRIBUTES = {
    "*": {"style", "class", "dir", "lang", "title", "align"},
    "a": {"href", "name", "target"},
    "img": {"src", "alt", "width", "height", "border"},
    "table": {*_TABLE, "border", "cellpadding", "cellspacing", "role"},
    "td": {*_TABLE, "colspan", "rowspan"},
    "th": {*_TABLE, "colspan", "rowspan", "scope"},
    "tr": _TABLE,
    "col": {"span", "width"},
    "font": {"color", "face", "size"},
    "ol": {"start", "type"},
    "li": {"value"},
}
_DROPPED_WHOLE = {"script", "style", "title", "iframe", "object", "noscript", "template", "svg", "math"}
_SCHEMES = {"http", "https", "mailto", "tel", "cid"}


def _allow_all(_tag: str, _attribute: str, value: str) -> str | None:
    return value


def _local_only(_tag: str, attribute: str, value: str) -> str | None:
    """Styles that could load something stay out of a preview; a backslash may hide one."""
    loads = attribute == "style" and re.search(r"url|image|\\|/\*", value, re.IGNORECASE)
    return None if loads else value


_MAIL, _FRAME = (
    nh3.Cleaner(
        tags=_TAGS,
        clean_content_tags=_DROPPED_WHOLE,
        attributes=_ATTRIBUTES,
        attribute_filter=chosen,
        url_schemes=_SCHEMES,
        filter_style_properties=_STYLES,
        link_rel=None if chosen is _allow_all else "noopener noreferrer",
    )
    for chosen in (_allow_all, _local_only)
)
_TEXT = ParserConfig(css=CSS_PROFILES["strict"], display_links=True, display_images=True)
_STYLE_ELEMENT = re.compile(r"<style\b", re.IGNORECASE)
# The cleaner writes every attribute in double quotes and escapes quotes inside, so this cannot run astray.
_IMAGE = re.compile(r'<img((?: [\w-]+="[^"]*")*)>')
_BARE_LINK = re.compile(r'<a(?: [\w-]+="[^"]*")*? href="(?:mailto:|tel:)?([^"]+)"(?: [\w-]+="[^"]*")*>\1</a>')
_SOURCE = re.compile(r' src="(?!cid:)')


# Elements whose end may be left out, or that have none: many of them in a row are not deep.
_FLAT = {
    "br", "hr", "img", "wbr", "col", "input", "meta", "link", "p", "li", "dt", "dd", "td", "th", "tr", "tbody",
    "thead", "tfoot", "colgroup", "option",
}  # fmt: skip
DEEPEST = 200
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)[^<>]*>")


def inline_styles(html: str) -> str:
    """Move the rules of `<style>` elements into `style` attributes, which mail programs keep."""
    return css_inline.inline(html, load_remote_stylesheets=False) if _STYLE_ELEMENT.search(html) else html


def sanitise(html: str) -> str:
    """Return the fragment that may leave: an allow-list of tags, attributes, style properties and schemes."""
    return _MAIL.clean(shallow(html))


def shallow(html: str) -> str:
    """Without what begins more than `DEEPEST` elements within each other: reading those takes the square of their
    number, so that a mail of a megabyte, of anybody's making, would hold up a mailbox for minutes.
    """
    if html.count("<") <= DEEPEST:
        return html
    depth = 0

    def kept(tag: re.Match[str]) -> str:
        nonlocal depth
        if tag[2].lower() in _FLAT:
            return tag[0]
        depth = max(depth - 1, 0) if tag[1] else depth + 1
        return tag[0] if depth <= DEEPEST else ""

    return _TAG.sub(kept, html)


def to_text(html: str) -> str:
    """Return the text of a sanitised fragment: `[words](address)` for links, `[words]` for images."""
    once = _BARE_LINK.sub(r"\1", html)
    # The converter resolves entities once more in the text it has read: `&amp;lt;` would end as `<`.
    text = str(get_text(once.replace("&amp;", "&amp;amp;"), _TEXT))
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


def for_frame(html: str) -> str:
    """Return `html` safe for a sandboxed preview frame: no script, form or style sheet.

    Nothing is loaded: the address of an image becomes `data-src`, and its place shows the alternative text,
    or says that it is not loaded.
    """
    return _IMAGE.sub(_without_loading, _FRAME.clean(shallow(inline_styles(html))))


def _without_loading(match: re.Match[str]) -> str:
    attributes = _SOURCE.sub(' data-src="', match[1])
    blocked = attributes != match[1]
    unnamed = ' alt="' not in attributes or ' alt=""' in attributes
    if blocked and unnamed:
        attributes = attributes.replace(' alt=""', "") + ' alt="Image not loaded in the preview"'
    return f"<img{attributes}>"
