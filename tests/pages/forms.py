"""Every form of a page as a browser sees it: where it leads, what stands in it, and what its fields are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import html as markup

TYPED = (
    "text",
    "search",
    "email",
    "tel",
    "url",
    "number",
    "date",
    "time",
    "datetime-local",
    "month",
    "password",
)
LEFT_TO_THE_BROWSER = ("submit", "button", "reset", "image", "file")


@dataclass(frozen=True)
class Form:
    """`values` is what would be sent as the form stands; `typed` are the fields a person writes into,
    `secret` those of them that no page shows again."""

    method: str
    action: str
    values: list[tuple[str, str]] = field(hash=False)
    typed: tuple[str, ...] = ()
    chosen: tuple[str, ...] = ()
    secret: tuple[str, ...] = ()

    def with_(self, name: str, value: str) -> list[tuple[str, str]]:
        """What is sent when the first field of this name holds this value."""
        others = list(self.values)
        place = next((number for number, (one, _) in enumerate(others) if one == name), len(others))
        return [*others[:place], (name, value), *others[place + 1 :]]

    @property
    def shape(self) -> tuple[str, str, tuple[str, ...]]:
        """The same for the form of another row."""
        return (
            self.method,
            re.sub(r"\d+", "N", self.action.partition("?")[0]),
            tuple(sorted({name for name, _ in self.values})),
        )


def forms_of(page: str, address: str) -> Iterator[Form]:
    """The forms of a page at this address, in the order in which they stand there."""
    for form in markup.fromstring(page or "<p>").iter("form"):
        values: list[tuple[str, str]] = []
        typed: list[str] = []
        chosen: list[str] = []
        secret: list[str] = []
        for element in _fields(form):
            name, kind = element.get("name"), _kind(element)
            if not name or kind in LEFT_TO_THE_BROWSER:
                continue
            if kind == "password" or element.get("data-secret"):
                secret.append(name)
            if kind in TYPED or kind == "textarea":
                typed.append(name)
            else:
                chosen.append(name)
            if kind not in ("checkbox", "radio") or element.get("checked") is not None:
                values.append((name, _value(element, kind)))
        action = form.get("action") or address
        yield Form(
            (form.get("method") or "get").lower(), action, values, tuple(typed), tuple(chosen), tuple(secret)
        )


def _once(names: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _fields(form: markup.HtmlElement) -> Iterator[markup.HtmlElement]:
    """Those inside, and those elsewhere on the page that name this form."""
    yield from form.iter("input", "textarea", "select")
    if form.get("id"):
        yield from form.getroottree().xpath("//*[@form=$id]", id=form.get("id"))


def _kind(element: markup.HtmlElement) -> str:
    return element.get("type", "text").lower() if element.tag == "input" else str(element.tag)


def _value(element: markup.HtmlElement, kind: str) -> str:
    if kind == "textarea":
        return element.text or ""
    if kind == "select":
        options = element.xpath(".//option")
        picked = [one for one in options if one.get("selected") is not None] or options[:1]
        return picked[0].get("value", picked[0].text or "") if picked else ""
    return element.get("value") or ("on" if kind == "checkbox" else "")
