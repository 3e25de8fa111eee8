"""The campaign editor in a browser: saved as one goes, moved by keys, undone by a key, previewed while writing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, FilePayload, Page, Route, expect
from sqlalchemy.engine import Engine
from werkzeug.serving import make_server

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.sign_in import start_session
from sales_campaigns.campaigns import editing
from sales_campaigns.campaigns.creating import create_campaign
from sales_campaigns.campaigns.editing import StepWords
from sales_campaigns.campaigns.planner import StepKind
from sales_campaigns.clock import VirtualClock
from sales_campaigns.content.snippets import SnippetDraft, create_snippet
from sales_campaigns.database import make_sessions
from sales_campaigns.ports import OutsideWorld
from sales_campaigns.settings import Settings
from sales_campaigns.unit_of_work import unit_of_work
from tests.cast import a_person, cast_of
from tests.databases import empty
from web import create_app
from web.security import COOKIE

pytestmark = pytest.mark.browser


@pytest.fixture
def token(sqlite_engine: Engine, clock: VirtualClock) -> Iterator[str]:
    """Ana's session; her campaign has an e-mail on day 1, an e-mail and a call on day 3."""
    with unit_of_work(make_sessions(sqlite_engine), clock) as uow:
        ana: User = cast_of(uow).ana
        a_person(uow, ana, "maria@example.com")
        campaign = create_campaign(uow, ana, "Q4 CFO outreach")
        kinds = ((StepKind.EMAIL, 1), (StepKind.EMAIL, 3), (StepKind.CALL, 3))
        mail, *_, call = [editing.add_step(uow, ana, campaign.id, kind, day).key for kind, day in kinds]
        words = StepWords(subject="Quick question", html="<p>Hello {{ first_name }}</p>")
        editing.write_step(uow, ana, campaign.id, mail, words)
        editing.write_step(uow, ana, campaign.id, call, StepWords(name="Call about the question"))
        booking = SnippetDraft(
            "Booking", "<div>Pick a time: <a href='https://example.com/ana'>here</a></div>"
        )
        create_snippet(uow, ana, booking)
        signed_in = start_session(uow.session, ana)
    yield signed_in
    empty(sqlite_engine)


@pytest.fixture
def address(
    drawn: Path, sqlite_engine: Engine, clock: VirtualClock, outside: OutsideWorld, tmp_path: Path
) -> Iterator[str]:
    """Where the product is served; `drawn` sees to the front-end packages."""
    settings = Settings(secret_key="only for the tests, and long enough", data_dir=tmp_path)
    app: Flask = create_app(settings, sqlite_engine, outside, clock)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture(params=["desk"])
def page(browser: Browser, address: str, token: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    width = 390 if request.param == "phone" else 1440
    context = browser.new_context(
        viewport={"width": width, "height": 900}, base_url=address, reduced_motion="reduce"
    )
    context.add_cookies([{"name": COOKIE, "value": token, "url": address}])
    page = context.new_page()
    page.goto("/campaigns/1")
    yield page
    context.close()


def titles(page: Page) -> list[str]:
    return page.locator("li.step h3").all_inner_texts()


def test_it_saves_a_send_option_and_says_what_it_does(page: Page) -> None:
    card = page.locator("form.send").nth(1)
    card.locator("input[value=at_time]").check()
    expect(card.locator(".effect")).to_contain_text("Leaves 09:00 on Wed 2 Dec")
    card.locator("input[type=time]").fill("16:45")
    page.keyboard.press("Tab")
    expect(card.locator(".effect")).to_contain_text("Leaves 16:45 on Wed 2 Dec")
    page.reload()
    expect(page.locator("form.send").nth(1).locator("input[value=at_time]")).to_be_checked()


def test_it_moves_by_keys_keeps_the_focus_and_undoes_by_one(page: Page) -> None:
    before = titles(page)
    page.locator("[data-grip]").nth(1).focus()
    with page.expect_response("**/order"):
        page.keyboard.press("Alt+ArrowDown")
    expect(page.locator("li.step h3").nth(2)).to_have_text(before[1])
    expect(page.locator("[data-grip]").nth(2)).to_be_focused()
    page.locator("li.step").nth(0).locator("button.menu-button").click()
    page.locator(".menu:popover-open .menu-item.danger").click()
    expect(page.locator(".notice").first).to_contain_text("The step is deleted.")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("z")
    expect(page.locator("li.step")).to_have_count(3)


def test_it_adds_a_step_without_leaving_the_page(page: Page) -> None:
    page.get_by_role("button", name="Add a step to day 3").click()
    page.locator(".menu:popover-open .menu-item").nth(3).click()
    expect(page.locator("li.step")).to_have_count(4)
    assert page.url.endswith("/campaigns/1")


def test_it_leaves_a_menu_open_when_the_answer_to_an_earlier_edit_arrives(page: Page) -> None:
    held: list[Route] = []
    page.route("**/steps", lambda route: held.append(route))
    add = page.get_by_role("button", name="Add a step to day 3")
    for number in range(1, 3):
        add.click()
        page.locator(".menu:popover-open .menu-item").nth(3).click()
        add.click()
        with page.expect_response("**/steps"):
            held.pop().continue_()
        expect(page.locator("li.step")).to_have_count(3 + number)
        expect(page.locator("[class*=htmx-]")).to_have_count(0)
        expect(page.locator(".menu:popover-open .menu-item").first).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator(".menu:popover-open")).to_have_count(0)


def test_it_previews_while_one_writes_and_inserts_fields(page: Page) -> None:
    page.get_by_role("link", name="Quick question").first.click()
    frame = page.frame_locator("iframe[name=preview]")
    expect(frame.locator("h1")).to_have_text("Quick question")
    page.locator("#f-subject").focus()
    page.keyboard.press("End")
    page.get_by_text("Insert a field").click()
    page.get_by_role("button", name="Company", exact=True).click()
    expect(page.locator("#f-subject")).to_have_value("Quick question{{ company }}")
    page.locator("#f-as").fill("maria")
    expect(frame.locator("h1")).to_have_text("Quick questionFjord Energy")
    expect(frame.locator("body")).to_contain_text("Hello Maria")


def test_it_takes_a_file_in_when_it_is_chosen_and_out_again(page: Page) -> None:
    page.get_by_role("link", name="Quick question").first.click()
    page.wait_for_load_state()  # nobody chooses a file before the page is there
    offer = FilePayload(name="offer.pdf", mimeType="application/pdf", buffer=b"%PDF")
    page.locator("input[name=attach]").set_input_files([offer])
    expect(page.locator(".files li")).to_have_count(1)
    page.locator("input[name=attach]").set_input_files([FilePayload({**offer, "buffer": b""})])
    expect(page.locator("#f-attach-error")).to_contain_text("is empty")
    expect(page.locator(".files li")).to_have_count(1)
    page.get_by_role("button", name="Save the step").click()
    expect(page.locator("li.step").first).to_contain_text("with files")
    page.get_by_role("link", name="Quick question").first.click()
    page.wait_for_load_state()
    page.get_by_role("button", name="Leave out offer.pdf").click()
    expect(page.locator(".files li")).to_have_count(0)


def test_it_inserts_a_snippet_with_its_link_and_hints_follow(page: Page) -> None:
    page.goto("/templates/new")
    page.locator("trix-editor").click()
    page.get_by_text("Insert a snippet").click()
    page.get_by_role("button", name="Booking", exact=True).click()
    expect(page.locator("trix-editor a[href='https://example.com/ana']")).to_have_text("here")
    page.locator("#f-subject").fill("LAST CHANCE FOR EVERYBODY")
    expect(page.locator("#hints")).to_contain_text("reads as shouting")
    page.locator("#f-subject").fill("A question")
    expect(page.locator("#hints")).not_to_contain_text("shouting")


@pytest.mark.parametrize("page", ["desk", "phone"], indirect=True)
@pytest.mark.parametrize(
    "path",
    ["/campaigns", "/campaigns/1", "/campaigns/1/settings", "/templates", "/templates/new", "/snippets"],
)
def test_it_leaves_axe_nothing_to_find_and_never_scrolls_sideways(page: Page, path: str) -> None:
    page.goto(path)
    found = Axe().run(page).response["violations"]
    assert [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= page.evaluate("innerWidth")
