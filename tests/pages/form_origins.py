"""Where each form of a page is written, so that one which no page showed is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jinja2 import Environment
from jinja2.ext import Extension
from jinja2.utils import LRUCache

FORM = re.compile(r"<form\b(.*?)</form>", re.DOTALL)
# Something is typed or chosen in it: by itself, by a component, by what is included or by whoever calls.
FILLED_IN = re.compile(
    r"""\bfield\(|<(?:select|textarea)\b|<input\b(?![^>]*type="hidden")|\binclude\b|\bcaller\("""
)
TOLD = re.compile(r'data-origin="([^"]+)"')


class Origins(Extension):
    """Each form says the template and the line that it is written in."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        return FORM.sub(lambda form: f'<form data-origin="{_origin(name, form)}"{form[0][5:]}', source)


@contextmanager
def origins_told(environment: Environment) -> Iterator[None]:
    """Meanwhile all pages say them: they are compiled anew, and not for others."""
    plain, compiled = environment.cache, environment.bytecode_cache
    fresh: Any = LRUCache(1_000)
    environment.cache, environment.bytecode_cache = fresh, None
    environment.add_extension(Origins)
    yield
    del environment.extensions[Origins.identifier]
    environment.cache, environment.bytecode_cache = plain, compiled


def told(page: str) -> set[str]:
    """The origins of its forms."""
    return set(TOLD.findall(page))


def filled_in(environment: Environment, elsewhere: tuple[str, ...] = ()) -> set[str]:
    """The origins of all forms in which something is typed or chosen; others are buttons.

    Left out are those in which one of the words of `elsewhere` stands.
    """
    assert environment.loader is not None
    found = set()
    for name in environment.list_templates(extensions=["html"]):
        source = environment.loader.get_source(environment, name)[0]
        filled = [form for form in FORM.finditer(source) if FILLED_IN.search(form[1])]
        found |= {_origin(name, form) for form in filled if not any(one in form[1] for one in elsewhere)}
    return found


def _origin(name: str | None, form: re.Match[str]) -> str:
    return f"{name}:{form.string.count(chr(10), 0, form.start()) + 1}"
