"""Which tests run here: those marked `browser`, `mta` or `curl` need programs, those marked `deep` need time.

What is left out is said in one line at the end of the run; REQUIRE=browser,mta makes a missing program an error.
Loaded by `pytest_plugins = ["tests.programs"]` in tests/conftest.py.
"""

from __future__ import annotations

import os
import shutil

import pytest

# Debian keeps servers where an ordinary user's PATH does not look.
PATHS = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])

# marker → groups of programs; one of each group is needed
NEEDED: dict[str, list[tuple[str, ...]]] = {
    "browser": [("chromium", "chromium-browser", "google-chrome")],
    "mta": [("postfix",), ("dovecot",)],
    "curl": [("curl",)],
}


def chromium() -> str:
    """The path of the browser that the tests drive; CHROMIUM names another. Empty where there is none."""
    return os.environ.get("CHROMIUM") or find(NEEDED["browser"][0])


def find(names: tuple[str, ...]) -> str:
    """The path of the first of these programs that the machine has, else nothing."""
    return next((path for name in names if (path := shutil.which(name, path=PATHS))), "")


def missing(marker: str) -> list[str]:
    """The programs that tests with this marker need and the machine lacks."""
    if marker == "browser" and chromium():
        return []
    return [names[0] for names in NEEDED[marker] if not find(names)]


def pytest_configure(config: pytest.Config) -> None:
    """Stops the run where REQUIRE names tests that cannot run here, or tests that nobody knows."""
    for marker in filter(None, os.environ.get("REQUIRE", "").split(",")):
        if marker not in NEEDED:
            *others, last = NEEDED
            known = f"{', '.join(others)} and {last}"
            raise pytest.UsageError(f"REQUIRE={marker}: only {known} can be required")
        if lacking := missing(marker):
            raise pytest.UsageError(f"REQUIRE={marker}, and this machine has no {' and no '.join(lacking)}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deep tests run when the -m expression speaks of them, the others where their programs are."""
    left_out = {marker for marker in NEEDED if missing(marker)}
    if "deep" not in config.option.markexpr:
        left_out.add("deep")
    dropped = [item for item in items if any(mark.name in left_out for mark in item.iter_markers())]
    config.hook.pytest_deselected(items=dropped)
    items[:] = [item for item in items if item not in dropped]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for marker in NEEDED:
        if lacking := missing(marker):
            terminalreporter.write_line(
                f"Tests marked {marker} were left out: this machine has no {' and no '.join(lacking)}."
            )
