"""The repository holds what we wrote and nothing else: no third-party code, no binaries, no places of one machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house.tracked import ROOT, links, tracked

PICTURES = Path("docs/images")  # of our own pages, for the README
SAMPLES = Path("tests/data")  # awkward on purpose, in every encoding that people send
PICTURE_BYTES = 200_000
LONGEST_LINE = 2_000  # a minified file has longer ones

REGISTRIES = re.compile(
    r"registry\.\w+\.\w+|\bpypi\.\w+/|pythonhosted\.|unpkg\.com|jsdelivr\.|cdnjs\.|deb\.debian\.|--(?:extra-)?index-url\b"
    r"|--find-links\b|^\s*registry\s*=",
    re.MULTILINE,
)
MACHINE_PATHS = re.compile(r"(?<![\w.:/}-])/(?:home|root|Users|work|opt|mnt)/[\w.-]+")
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX)\b|pytest\.mark\.(?:skip|skipif|xfail)\b|pytest\.skip\(")

TEXTS = [path for path in tracked() if not (path.is_relative_to(PICTURES) or path.is_relative_to(SAMPLES))]


def read(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")


def found(pattern: re.Pattern[str]) -> list[str]:
    """file: match, for every file but this one, which names what it looks for."""
    here = Path(__file__).relative_to(ROOT)
    return [f"{path}: {match[0]}" for path in TEXTS if path != here for match in pattern.finditer(read(path))]


def test_it_holds_text_only() -> None:
    assert [path for path in TEXTS if b"\0" in (ROOT / path).read_bytes()] == []


def test_its_pictures_are_small_and_are_pictures() -> None:
    pictures = [path for path in tracked() if path.is_relative_to(PICTURES)]
    assert [path for path in pictures if path.suffix != ".png"] == []
    assert [path for path in pictures if (ROOT / path).stat().st_size > PICTURE_BYTES] == []


def test_it_holds_nothing_minified_or_fetched() -> None:
    named = [path for path in tracked() if re.search(r"\.min\.(js|css|mjs)$|\.map$", path.name)]
    kept = [
        path for path in tracked() if {"vendor", "node_modules", "packages", "third_party"} & {*path.parts}
    ]
    long = [path for path in TEXTS if any(len(line) > LONGEST_LINE for line in read(path).splitlines())]
    assert (named, kept, long) == ([], [], [])


def test_it_names_no_registry() -> None:
    assert found(REGISTRIES) == []


def test_it_names_no_path_of_one_machine() -> None:
    assert found(MACHINE_PATHS) == []


def test_it_holds_no_links() -> None:
    assert links() == []


def test_it_leaves_nothing_for_later_and_skips_no_check() -> None:
    assert found(UNFINISHED) == []


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (REGISTRIES, '"resolved": "https://registry.example.org/htmx.org.tgz"'),
        (REGISTRIES, "pip install --index-url https://packages.example.com"),
        (REGISTRIES, "registry = https://npm.example.com"),
        (MACHINE_PATHS, "see /home/ana/notes"),
        (MACHINE_PATHS, "open('/root/.cache')"),
        (UNFINISHED, "# TODO: write it"),
    ],
)
def test_it_would_notice(pattern: re.Pattern[str], text: str) -> None:
    assert pattern.search(text)


@pytest.mark.parametrize("text", ["url_for('/people/home/')", "https://example.com/home/ana", "./work/notes"])
def test_it_takes_no_web_address_for_a_path(text: str) -> None:
    assert not MACHINE_PATHS.search(text)
