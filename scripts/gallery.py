"""Draws every component into a folder of pages, with no database and no server behind them.

    python scripts/gallery.py /tmp/gallery && python -m http.server -d /tmp/gallery

The pages are templates of scripts/gallery_pages; what they show is example.json beside them.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "scripts" / "gallery_pages"
WEB = ROOT / "web"


def draw(folder: Path) -> list[str]:
    """Writes the pages and what they need into `folder`; returns the names of the pages."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(WEB / "static", folder / "static", dirs_exist_ok=True)
    example = json.loads((PAGES / "example.json").read_text(encoding="utf-8"))
    environment = bare_environment()
    names = sorted(page.name for page in PAGES.glob("*.html"))
    for name in names:
        nav = [entry | {"current": entry.get("href") == f"/{name}"} for entry in example["nav"]]
        html = environment.get_template(name).render(example | {"nav": nav, "csp_nonce": "gallery"})
        (folder / name).write_text(html, encoding="utf-8")
    return names


def bare_environment() -> Environment:
    """Jinja as the application sets it up, with stand-ins for what Flask brings."""
    loader = FileSystemLoader([PAGES, WEB / "templates"])
    environment = Environment(loader=loader, autoescape=True)
    environment.globals |= {
        "url_for": lambda endpoint, filename="": f"/{endpoint}/{filename}",
        "csrf_token": lambda: "token-of-the-gallery",
        "stop_banners": list,
        "above": list,
        "Markup": Markup,
    }
    return environment


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "gallery")
    print(f"{target}: {', '.join(draw(target))}")
