"""Tests that need programs or time are chosen as promised. Each question is a run of pytest of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tracked import ROOT

TESTS = """
import pytest

def test_plain(): pass

@pytest.mark.browser
def test_browser(): pass

@pytest.mark.mta
def test_mta(): pass

@pytest.mark.deep
def test_deep(): pass
"""
MARKERS = "[pytest]\nmarkers =\n    browser\n    mta\n    deep\n"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    (tmp_path / "test_some.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text(MARKERS)
    return Run(tmp_path)


class Run:
    """A machine with the programs that `install` puts on it, and nothing of what this one has."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = folder / "programs"
        self.programs.mkdir()

    def install(self, *names: str) -> Run:
        for name in names:
            (self.programs / name).write_text("#!/bin/sh\n")
            (self.programs / name).chmod(0o755)
        return self

    def __call__(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        lookup = f"import tests.programs as p; p.PATHS = {str(self.programs)!r}"
        start = f"{lookup}; import pytest, sys; sys.exit(pytest.main(sys.argv[1:], plugins=[p]))"
        kept = {key: value for key, value in os.environ.items() if key not in {"REQUIRE", "CHROMIUM"}}
        return subprocess.run(
            [
                sys.executable,
                "-c",
                start,
                "-q",
                "-p",
                "no:cacheprovider",
                "-p",
                "no:xdist",
                *arguments,
                str(self.folder),
            ],
            cwd=ROOT,
            env=kept | {"PYTEST_ADDOPTS": "", **environment},
            capture_output=True,
            text=True,
            check=False,
        )


def test_it_says_in_one_line_what_is_left_out_and_why(run: Run) -> None:
    said = run().stdout
    assert "Tests marked browser were left out: this machine has no chromium.\n" in said
    assert "Tests marked mta were left out: this machine has no postfix and no dovecot.\n" in said
    assert "1 passed, 3 deselected" in said.splitlines()[-1]


def test_it_runs_them_where_the_programs_are(run: Run) -> None:
    said = run.install("chromium", "postfix", "dovecot", "curl")(REQUIRE="browser,mta").stdout
    assert "left out" not in said
    assert "3 passed, 1 deselected" in said


def test_it_takes_another_browser_by_name(run: Run) -> None:
    assert "2 passed, 2 deselected" in run(CHROMIUM=sys.executable).stdout


def test_it_stops_when_what_is_required_is_missing(run: Run) -> None:
    ended = run.install("postfix")(REQUIRE="mta")
    assert ended.returncode == pytest.ExitCode.USAGE_ERROR
    assert "REQUIRE=mta, and this machine has no dovecot" in ended.stderr


def test_it_stops_when_it_does_not_know_what_is_required(run: Run) -> None:
    assert "only browser, mta and curl can be required" in run(REQUIRE="brwoser").stderr


def test_it_runs_the_deep_ones_when_asked(run: Run) -> None:
    assert "2 passed, 2 deselected" in run("-m", "deep or not deep").stdout
