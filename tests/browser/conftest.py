"""Chromium, and the gallery served to it under the product's content security policy."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.serving import load_demo
from tests.made_once import folder_of_the_run, made_once
from tests.programs import chromium

CHROMIUM = chromium()
# How long a page takes says how busy the machine is, nothing about the product.
expect.set_options(timeout=30_000)
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-gallery'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SIZES = {"desk": (1440, 900), "phone": (390, 844)}


@dataclass
class Posted:
    """What a page has sent."""

    path: str
    fields: list[tuple[str, str]]
    token: str | None
    by_htmx: bool


@dataclass
class Gallery:
    """Where the pages are served, what they have sent, and what a POST is answered with."""

    url: str
    posted: list[Posted] = field(default_factory=list)
    answer: str = "<p>taken</p>"


class Served(SimpleHTTPRequestHandler):
    gallery: Gallery

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def do_GET(self) -> None:
        if self.path != "/feed/events":
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write(b'data: <li class="feed-item" id="feed-9"><p>Sam Whitfield replied</p></li>\n\n')
        return None

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        by_htmx = self.headers.get("HX-Request") == "true"
        fields = parse_qsl(body, keep_blank_values=True)
        self.gallery.posted.append(Posted(self.path, fields, self.headers.get("X-CSRFToken"), by_htmx))
        answer = self.gallery.answer.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Quiet: what was asked for is the browser's to say."""


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from scripts import front_packages, gallery

    assert front_packages.main() == 0, "the front-end packages are not in place"
    folder = tmp_path_factory.mktemp("gallery")
    gallery.draw(folder)
    return folder


@pytest.fixture(scope="session")
def demo(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the demo company, to be served in copies; `drawn` sees to the front-end packages."""
    return made_once(folder_of_the_run(tmp_path_factory) / "demo", load_demo)


@pytest.fixture
def gallery(drawn: Path) -> Iterator[Gallery]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Served, directory=str(drawn)))
    Served.gallery = Gallery(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Served.gallery
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Visit:
    """One page in one browser, with everything it complained about and every address it asked for."""

    page: Page
    complaints: list[str]
    asked: list[str]

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    @property
    def at_hand(self) -> str:
        """The id of the row that has the focus, or of what holds it."""
        found: str = self.page.evaluate("document.activeElement.closest('[id]')?.id ?? ''")
        return found


class Visitor:
    """Opens pages of the gallery; closes what it opened."""

    def __init__(self, browser: Browser, gallery: Gallery) -> None:
        self.browser, self.gallery = browser, gallery
        self.contexts: list[BrowserContext] = []

    def __call__(
        self, name: str, size: str = "desk", colours: str = "light", scripts: bool = True, still: bool = False
    ) -> Visit:
        width, height = SIZES[size]
        context = self.browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if colours == "dark" else "light",
            java_script_enabled=scripts,
            reduced_motion="reduce" if still else "no-preference",
        )
        self.contexts.append(context)
        return self.open(context.new_page(), name)

    def open(self, page: Page, name: str) -> Visit:
        visit = Visit(page, [], [])
        page.on("console", lambda said: visit.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        page.on("request", lambda request: visit.asked.append(request.url))
        page.goto(f"{self.gallery.url}/{name}.html", wait_until="load")
        return visit

    def close(self) -> None:
        for context in self.contexts:
            context.close()


@pytest.fixture
def visit(browser: Browser, gallery: Gallery) -> Iterator[Visitor]:
    visitor = Visitor(browser, gallery)
    yield visitor
    visitor.close()
