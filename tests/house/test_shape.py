"""The house keeps its shape: floors, small modules, short functions, names that say what is inside."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.house.tracked import ROOT, functions, lines, product, tracked

VAGUE = {"base", "common", "handler", "helper", "manager", "misc", "service", "util"}


def test_it_imports_downwards_only_and_never_in_circles() -> None:
    lint_imports = Path(sys.executable).parent / "lint-imports"
    checked = subprocess.run(
        [lint_imports, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "0 broken" in checked.stdout


def test_its_composition_root_only_wires() -> None:
    assert lines(Path("wsgi.py")) <= 40


def test_its_modules_hold_one_topic_each() -> None:
    assert {str(path): lines(path) for path in product() if lines(path) > 300} == {}


def test_nine_functions_in_ten_fit_on_half_a_page() -> None:
    sizes = [size for path in product() for _, size in functions(path)]
    assert sum(size < 30 for size in sizes) >= 0.9 * len(sizes)


def test_no_function_fills_more_than_a_page() -> None:
    found = {f"{path} {name}": size for path in product() for name, size in functions(path) if size > 60}
    assert found == {}


def test_its_names_say_what_is_inside() -> None:
    named = {
        path: {part.removesuffix("s") for part in (path.stem, *path.parent.parts)} for path in tracked(".py")
    }
    assert [path for path, words in named.items() if words & VAGUE] == []
