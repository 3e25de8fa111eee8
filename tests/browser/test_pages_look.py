"""Every page of the demo company as a rep has it open all day: readable, narrow where it must be, and quiet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Response, ViewportSize, expect

from scripts.check_templates import application
from tests.browser.serving import serving, sign_in_path

pytestmark = pytest.mark.browser

AXE = Axe().axe_script

# Each page is looked at once in each theme: by day on a desk, by night on a phone, and whatever axe knows both times.
# Of rows that are alike the first five are looked at.
LIKE_OTHERS = [
    [".list > li:nth-child(n+6)"],
    ["tbody tr:nth-child(n+6)"],
    [".feed > li:nth-child(n+6)"],
    ["article ~ article ~ article"],
]
DESK, PHONE = ViewportSize(width=1440, height=900), ViewportSize(width=390, height=844)
DAY, NIGHT = "desk, light", "phone, dark"

# name → the list it is reached from, and the link there
REACHED = {
    "a task by mail": ("/tasks?kind=email", "li.task .what a.plain"),
    "a call": ("/tasks?kind=call", "li.task .what a.plain"),
    "an InMail": ("/tasks?kind=inmail", "li.task .what a.plain"),
    "a custom task": ("/tasks?kind=custom", "li.task .what a.plain"),
    "the composer": ("/tasks?kind=email", "li.task a.lead"),
    "a mail": ("/emails", "main a[href^='/emails/']"),
    "a caught mail": ("/caught", "main article a"),
    "a group": ("/groups", "main a[href^='/groups/']"),
    "a reply": ("/replies", "main a[href^='/replies/']"),
}
OF_ANA = (
    "/tasks?show=upcoming",
    "/tasks?show=snoozed",
    "/tasks?show=done",
    "/tasks/new",
    "/tasks/play",
    "/tasks/rescue",
    "/tasks/3/edit",
    "/tasks/3/delete",
    "/why/tasks/3",
    "/late",
    "/emails?folder=scheduled",
    "/emails?folder=failed",
    "/compose/templates?person=1",
    "/enrollments/1",
    "/why/messages/1",
    "/people/1",
    "/people/1/history",
    "/people/1/tasks",
    "/people/1/campaigns",
    "/people/1/edit",
    "/people/1/log",
    "/people/new",
    "/people/import",
    "/people/duplicates",
    "/people/crm",
    "/people?words=nobody",
    "/people?did=opened&days=14",
    "/groups",
    "/analytics/compare?a=1",
    "/campaigns/new",
    "/campaigns/1",
    "/campaigns/1/people",
    "/campaigns/1/tasks",
    "/campaigns/1/report",
    "/campaigns/1/simulate",
    "/campaigns/1/simulate?number=2000&limit=60",
    "/campaigns/1/rehearse",
    "/campaigns/1/settings",
    "/campaigns/1/launch",
    "/campaigns/1/detour?do=restart&people=1",
    "/templates/new",
    "/templates/1",
    "/snippets",
    "/snippets/1",
    "/snippets/new",
    "/deliveries/1",
    "/deliveries/1/exclusions",
    "/deliveries/1/journal",
    "/deliveries/1/log",
    "/deliveries/1/tracking",
    "/notices/settings",
    "/settings/profile",
    "/settings/tokens",
    "/crm",
    "/sent-from-mailbox",
)
OF_CLEO = (
    "/admin",
    "/admin/crm/users",
    "/admin/crm/diagnostics",
    "/team",
    "/team/1/queue",
    "/emails/275/edit",
    "/people/duplicates/merge?kept=1&gone=2",
    "/deliveries/new",
    "/deliveries/10",
    "/deliveries/10/edit",
    "/deliveries/10/preview",
    "/deliveries/10/proofs",
    "/deliveries/10/series",
    "/deliveries/10/continuous",
    "/deliveries/10/ab-test",
    "/deliveries/10/ask/confirm",
    "/sending-policy",
    "/sending-policy/1",
    "/sending-policy/new",
    "/delivery-templates",
    "/delivery-templates/new",
    "/test-profiles",
    "/sending",
    "/leave",
)
# path of a form → what is typed there, and the button; what is made has a page of its own
MADE_BY_CLEO = {
    "/admin/schedules": ({"Name": "Mornings"}, "Add the schedule"),
    "/admin/webhooks": ({"Address": "https://hook.example/in"}, "Add the webhook"),
    "/test-profiles": ({"Name": "Otto", "E-mail address": "otto@nordlys.example"}, "Add 1 address"),
    "/delivery-templates/new": ({"Name": "Quiet hours"}, "Save"),
    "/deliveries/10/ab-test": ({}, "Add variant B"),
}
LAUNCH = ("Check 60 people", "See the first e-mails", "Choose the times", "Go on to confirm")
# What is no page: files and parts of pages, what leads on at once, and what strangers and programs ask for.
NO_PAGE = re.compile(
    r"static|(api|public)\..*|.*\.(raw|frame|export|errors|fetch|as_\w+|\w*file)|audit\.file|proofs\.mail"
    r"|feed\.(latest|stream)|notices\.new|campaign_editor\.effect|campaigns\.reply_rates|sign_in\.by_link|consent\.back"
    r"|crm_sign_in\.(back|leave)|crm_people\.chosen|rehearse\.(show|mail)|continuous\.ask\w*|ab_test\.ask|mailbox_draft\.show|channels\.show"
    # the last ones need a CRM, a rehearsal, Gmail, a relay and a run of a continuous delivery: the demo has none
)


class Looker:
    """Looks at one page after the other and remembers what there is to complain of."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address, self.complaints, self.seen = page, address, list[str](), set[str]()
        self.ways, self.way = [DAY, NIGHT], DAY
        page.on("console", lambda said: self._complain(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self._complain(str(error)))
        page.on("response", self._answered)
        page.on("request", lambda request: self._asked(request.url))

    def look(self, path: str) -> None:
        """Both ways, the one first in which the page before was left: to change takes as long as to load."""
        self.page.goto(path)
        self._look(self.ways)
        self.ways.reverse()

    def look_here(self) -> None:
        """By day on a desk, then by night on a phone, and back to where somebody goes on."""
        self._look([DAY, NIGHT])
        self.show(DAY)

    def show(self, way: str) -> None:
        if way != self.way:
            self.page.emulate_media(color_scheme="light" if way == DAY else "dark")
            self.page.set_viewport_size(DESK if way == DAY else PHONE)
        self.way = way

    def _look(self, ways: list[str]) -> None:
        self.seen.add(urlsplit(self.page.url).path)
        expect(self.page.locator("textarea[data-rich]:not([hidden])")).to_have_count(0, timeout=15_000)
        self.page.evaluate(AXE)
        for way in ways:
            self.show(way)
            self._axe(way)
            if way == NIGHT and self.page.evaluate("document.documentElement.scrollWidth") > PHONE["width"]:
                self._complain("scrolls sideways on a phone")

    def _axe(self, how: str) -> None:
        asked = {"exclude": LIKE_OTHERS}, {"resultTypes": ["violations"]}
        for one in self.page.evaluate(
            "([what, how]) => axe.run(what, how).then((said) => said.violations)", asked
        ):
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
        context = browser.new_context(viewport=DESK, base_url=address, reduced_motion="reduce")
        looker = Looker(context.new_page(), address)
        looker.page.goto(link)
        yield looker
        context.close()


def test_it_leaves_nothing_to_complain_of_on_any_page(looker: Looker, folder: Path) -> None:
    page = looker.page
    for path in (*rail(page), *details(page), *OF_ANA):
        looker.look(path)
    looker.show(DAY)
    for _ in chain(steps_of_a_launch(page), what_is_made(page)):
        looker.look_here()
    page.goto(sign_in_path(folder, "cleo@nordlys.example"))
    page.goto("/admin")
    for path in (*rail(page)[-1:], *links(page, "main .duty"), *OF_CLEO):
        looker.look(path)
    looker.show(DAY)
    for _ in what_cleo_makes(page):
        looker.look_here()
    page.context.clear_cookies()
    looker.look("/sign-in")
    assert not looker.complaints, "\n".join(looker.complaints)
    missed = not_seen(looker.seen)
    assert not missed, "\n".join(missed)


def not_seen(seen: set[str]) -> list[str]:
    """The pages of the product that nobody looked at, by endpoint."""
    app = application()
    where = app.url_map.bind("")
    found = {where.match(path)[0] for path in seen}
    pages = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    return sorted(one for one in pages - found if not NO_PAGE.fullmatch(one))


def links(page: Page, selector: str) -> list[str]:
    """Where they lead, each address once."""
    return list(dict.fromkeys(str(one.get_attribute("href")) for one in page.locator(selector).all()))


def rail(page: Page) -> list[str]:
    return links(page, "nav.rail a")


def details(page: Page) -> Iterator[str]:
    for path, selector in REACHED.values():
        page.goto(path)
        yield str(page.locator(selector).first.get_attribute("href"))
    page.goto("/enrollments/1")
    yield links(page, "main a[href^='/why/steps/']")[0]
    page.goto("/campaigns/1")
    steps = links(page, "li.step h3 a")
    yield from (steps[0], steps[2])


def steps_of_a_launch(page: Page) -> Iterator[str]:
    """The wizard's steps with people in it; nothing is started."""
    page.goto("/campaigns/1/launch?group=2")
    yield from steps_by(page, LAUNCH)


def steps_by(page: Page, buttons: Iterable[str]) -> Iterator[str]:
    """One step after the other: the next one is there when the button that leads to it is not."""
    for name in buttons:
        button = page.get_by_role("button", name=name, exact=True)
        button.click()
        expect(button).to_have_count(0)
        page.wait_for_load_state("networkidle")
        yield name


def what_is_made(page: Page) -> Iterator[str]:
    """What the demo has none of: a file of people on its way in, and a template."""
    page.goto("/people/import")
    page.get_by_label("Or paste rows").fill("Email,First Name\nastrid@tindra.example,Astrid\nnobody,Bruno\n")
    yield from steps_by(page, ("Upload", "Check the file", "Import 1 row"))
    page.goto("/templates/new")
    page.get_by_label("Name", exact=True).fill("A first word")
    page.get_by_label("Subject", exact=True).fill("Hello {{ first_name }}")
    page.locator("trix-editor").fill("A word about {{ company }}.")
    page.get_by_role("button", name="Save the template").click()
    page.goto("/templates")
    yield "the templates"
    page.get_by_role("link", name="A first word").click()
    yield "a template"


def what_cleo_makes(page: Page) -> Iterator[str]:
    """One of each, and its page."""
    for path, (typed, button) in MADE_BY_CLEO.items():
        page.goto(path)
        for label, words in typed.items():
            page.get_by_label(label, exact=True).fill(words)
        page.get_by_role("button", name=button).click()
        home = path.removesuffix("/new")
        page.goto(home)
        page.goto(links(page, f"main a[href^='{home}/']:not([href$='/new'])")[0])
        yield path
    asks = "/deliveries/10/ab-test/variants/B/ask?do=remove"
    page.goto(asks)
    yield asks
