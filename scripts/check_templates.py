"""Check every page template without rendering it: `make check` runs this, and so do the tests.

Each compiles with the filters of the real app; what it names is there; its HTML keeps the house's promises.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator

from flask import Flask
from jinja2 import Environment, TemplateSyntaxError

from integrations.directory import connected
from sales_campaigns.clock import SystemClock
from sales_campaigns.database import make_engine
from sales_campaigns.ports import OutsideWorld
from sales_campaigns.settings import Settings
from scripts.template_markup import markup_complaints
from scripts.template_references import reference_complaints
from web import create_app


def app_environment() -> Environment:
    """The Jinja environment of the app, with its filters and its functions."""
    return application().jinja_env


def application() -> Flask:
    """The app as it is put together, with nothing behind it: its templates and its routes can be read."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.model_validate({"secret_key": "k" * 32, "data_dir": folder})
        engine = make_engine(settings.database)
        app = create_app(settings, engine, OutsideWorld(mail=connected()), SystemClock())
        engine.dispose()
        return app


def complaints(environment: Environment) -> list[str]:
    """One line for everything that is wrong, as file:line: words; empty when all is well."""
    names = environment.list_templates(extensions=["html"])
    return [f"{name}:{line}: {words}" for name in names for line, words in _about(environment, name)]


def _about(environment: Environment, name: str) -> Iterator[tuple[int, str]]:
    assert environment.loader is not None
    source, path, _ = environment.loader.get_source(environment, name)
    try:
        environment.compile(source, name, path)
    except TemplateSyntaxError as error:  # also an unknown filter or test
        yield error.lineno, error.message or "cannot be compiled"
        return
    yield from reference_complaints(environment, environment.parse(source, name, path))
    yield from markup_complaints(source)


if __name__ == "__main__":
    environment = app_environment()
    found = complaints(environment)
    print("\n".join(found) or f"{len(environment.list_templates(extensions=['html']))} templates are sound")
    sys.exit(bool(found))
