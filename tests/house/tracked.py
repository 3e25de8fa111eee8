"""The files that make up the repository: what git knows or would add; without git, what is not ignored by name."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LISTING = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "-co", "--exclude-standard"]
NEVER = {".git", ".venv", "node_modules", "var", "build", "packages", "__pycache__"}


def tracked(*suffixes: str) -> list[Path]:
    """Paths from the top of the repository, only those with one of the suffixes where some are given."""
    return [path for path in _all() if not suffixes or path.suffix in suffixes]


def product() -> list[Path]:
    """The modules of the product itself: no tests, no migrations."""
    floors = {"sales_campaigns", "integrations", "scheduler", "web", "wsgi.py"}
    return [path for path in tracked(".py") if path.parts[0] in floors and "migrations" not in path.parts]


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """(name, lines) of every function of a module."""
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def lines(path: Path) -> int:
    return len((ROOT / path).read_text(encoding="utf-8").splitlines())


def links() -> list[Path]:
    """Symbolic links among them: each names a place, which another machine need not have."""
    return [path for path in _named() if (ROOT / path).is_symlink()]


def _all() -> list[Path]:
    return [path for path in _named() if (ROOT / path).is_file()]


def _named() -> list[Path]:
    if (ROOT / ".git").exists():
        said = subprocess.run(LISTING, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        return sorted(Path(name) for name in said.split("\0") if name)
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*"))
    return sorted(path for path in found if NEVER.isdisjoint(path.parts))
