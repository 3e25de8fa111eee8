"""Every page of the demo company as a rep has it open all day: readable, narrow where it must be, and quiet."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Response, expect

from tests.browser.serving import serving, sign_in_path

pytestmark = pytest.mark.browser

VIOLATIONS = {"resultTypes": ["violations"]}
CONTRAST = {**VIOLATIONS, "runOnly": ["color-contrast"]}  # all that the colours can change

# name → the list it is reached from, and the link there
REACHED = {
    "a task by mail": ("/tasks?kind=email", "li.task .what a.plain"),
    "a call": ("/tasks?kind=call", "li.task .what a.plain"),
    "an InMail": ("/tasks?kind=inmail", "li.task .what a.plain"),
    "a custom task": ("/tasks?kind=custom", "li.task .what a.plain"),
    "the composer": ("/tasks?kind=email", "li.task a.lead"),
    "a mail": ("/emails", "main a[href^='/emails/']"),
    "a person": ("/people", "main table a[href^='/people/']"),
    "a campaign": ("/campaigns", "main table a[href^='/campaigns/']"),
    "a caught mail": ("/caught", "main article a"),
    "a group": ("/groups", "main a[href^='/groups/']"),
}
BESIDE = {
    "a person": ("history", "tasks", "campaigns", "edit"),
    "a campaign": (
        "people",
        "report",
        "simulate",
        "simulate?number=2000&limit=60",
        "rehearse",
        "settings",
        "launch",
    ),
}
OTHERS = (
    "/tasks?show=upcoming",
    "/tasks?show=snoozed",
    "/tasks?show=done",
    "/tasks/new",
    "/tasks/play",
    "/tasks/rescue",
    "/late",
    "/emails?folder=scheduled",
    "/emails?folder=failed",
    "/compose/templates?person=1",
    "/enrollments/1",
    "/why/messages/1",
    "/people/new",
    "/people/import",
    "/people?words=nobody",
    "/people?did=opened&days=14",
    "/analytics/compare?a=1",
    "/groups",
    "/campaigns/new",
    "/templates/new",
)
LAUNCH = ("Check 60 people", "See the first e-mails", "Choose the times", "Go on to confirm")


class Looker:
    """Looks at one page after the other and remembers what there is to complain of."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address, self.complaints = page, address, list[str]()
        page.on("console", lambda said: self._complain(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self._complain(str(error)))
        page.on("response", self._answered)
        page.on("request", lambda request: self._asked(request.url))

    def look(self, path: str) -> None:
        self.page.goto(path)
        self.look_here()

    def look_here(self) -> None:
        """In light and dark on a desk, and in light on a phone."""
        expect(self.page.locator("textarea[data-rich]:not([hidden])")).to_have_count(0, timeout=15_000)
        self._axe("light", VIOLATIONS)
        self.page.emulate_media(color_scheme="dark")
        self._axe("dark", CONTRAST)
        self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size({"width": 390, "height": 844})
        self._axe("phone", VIOLATIONS)
        if self.page.evaluate("document.documentElement.scrollWidth") > 390:
            self._complain("scrolls sideways on a phone")
        self.page.set_viewport_size({"width": 1440, "height": 900})

    def _axe(self, how: str, options: dict[str, Any]) -> None:
        for one in Axe().run(self.page, options=options).response["violations"]:
            self._complain(f"{how}: {one['id']}: {one['nodes'][0]['html'][:160]}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self._complain(f"{response.status} for {response.url}")

    def _asked(self, url: str) -> None:
        if not url.startswith((self.address, "data:", "about:", "blob:")):
            self._complain(f"asks another host: {url}")

    def _complain(self, words: str) -> None:
        self.complaints.append(f"{self.page.url.removeprefix(self.address)}: {words}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "served"


@pytest.fixture
def looker(demo: Path, folder: Path, browser: Browser) -> Iterator[Looker]:
    """Ana's eyes."""
    with serving(demo, folder) as link:
        address = link.partition("/sign-in")[0]
        context = browser.new_context(
            viewport={"width": 1440, "height": 900}, base_url=address, reduced_motion="reduce"
        )
        looker = Looker(context.new_page(), address)
        looker.page.goto(link)
        yield looker
        context.close()


def test_it_leaves_nothing_to_complain_of_on_any_page(looker: Looker, folder: Path) -> None:
    for path in (*rail(looker.page), *details(looker.page), *OTHERS):
        looker.look(path)
    for _ in chain(steps_of_a_launch(looker.page), what_is_made(looker.page)):
        looker.look_here()
    looker.page.goto(sign_in_path(folder, "cleo@nordlys.example"))
    for path in ("/users", "/leave", "/sending", "/admin/holidays", "/admin/health"):
        looker.look(path)
    assert looker.complaints == []


def rail(page: Page) -> list[str]:
    """Where the navigation leads, each address once."""
    links = page.locator("nav.rail a").all()
    return list(dict.fromkeys(str(one.get_attribute("href")) for one in links))


def details(page: Page) -> Iterator[str]:
    for name, (path, selector) in REACHED.items():
        page.goto(path)
        found = str(page.locator(selector).first.get_attribute("href"))
        yield found
        yield from (f"{found}/{beside}" for beside in BESIDE.get(name, ()))
    page.goto("/campaigns/1")
    steps = page.locator("li.step h3 a")
    yield from [str(steps.nth(number).get_attribute("href")) for number in (0, 2)]


def steps_of_a_launch(page: Page) -> Iterator[str]:
    """The wizard's steps with people in it; nothing is started."""
    page.goto("/campaigns/1/launch?group=2")
    for button in LAUNCH:
        page.get_by_role("button", name=button, exact=True).click()
        page.wait_for_load_state("networkidle")
        yield button


def what_is_made(page: Page) -> Iterator[str]:
    """What the demo has none of: a file of people on its way in, and a template."""
    page.goto("/people/import")
    page.get_by_label("Or paste rows").fill("Email,First Name\nastrid@tindra.example,Astrid\nnobody,Bruno\n")
    for button in ("Upload", "Check the file", "Import 1 row"):
        page.get_by_role("button", name=button, exact=True).click()
        page.wait_for_load_state("networkidle")
        yield button
    page.goto("/templates/new")
    page.get_by_label("Name", exact=True).fill("A first word")
    page.get_by_label("Subject", exact=True).fill("Hello {{ first_name }}")
    page.locator("trix-editor").fill("A word about {{ company }}.")
    page.get_by_role("button", name="Save the template").click()
    page.goto("/templates")
    yield "the templates"
    page.get_by_role("link", name="A first word").click()
    yield "a template"
