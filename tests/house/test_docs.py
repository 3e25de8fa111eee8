"""The docs say what is: drawn pages are fresh, links lead somewhere, named commands are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sales_campaigns.settings import Settings
from scripts.draw_docs import PAGES
from tests.house.tracked import ROOT, tracked

PROSE = tracked(".md")
LINK = re.compile(r"\]\(([^)\s]+)\)")
TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)


def read(path: Path | str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_it_is_as_the_code_draws_it(page: str) -> None:
    assert read(page) == PAGES[page](), f"{page} is stale: run make docs"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_says_what_it_does(name: str) -> None:
    assert re.search(r"\w.*\.$", Settings.model_fields[name].description or "")


@pytest.mark.parametrize("path", PROSE, ids=str)
def test_its_links_lead_to_files_that_are_there(path: Path) -> None:
    inside = [link.partition("#")[0] for link in LINK.findall(read(path)) if "://" not in link]
    assert [link for link in inside if link and not (ROOT / path.parent / link).exists()] == []


@pytest.mark.parametrize("path", PROSE, ids=str)
def test_every_make_command_it_names_is_there(path: Path) -> None:
    named = set(re.findall(r"`(?:[A-Z_]+=\S+ )*make ([a-z-]+)", read(path)))
    assert named <= set(TARGET.findall(read("Makefile")))


def test_the_index_leads_to_every_page() -> None:
    linked = {(Path("docs") / link).as_posix() for link in LINK.findall(read("docs/index.md"))}
    pages = {path.as_posix() for path in PROSE if path.parts[0] == "docs"} - {"docs/index.md"}
    assert pages <= linked
