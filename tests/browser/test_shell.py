"""The frame and the components, as a rep meets them in a browser."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Dialog, Page, expect

from tests.browser.conftest import Gallery, Visitor

pytestmark = pytest.mark.browser

PAGES = ["tasks", "editor", "pieces", "forms", "sign_in", "refused"]
TOKEN = "token-of-the-gallery"


def told(page: Page) -> list[str]:
    """What axe finds, one line a rule."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("size", "colours"), [("desk", "light"), ("desk", "dark"), ("phone", "light")])
def test_it_leaves_axe_nothing_to_find(visit: Visitor, name: str, size: str, colours: str) -> None:
    page = visit(name, size, colours, still=True).page
    for editor in page.locator("trix-editor").all():
        expect(editor).to_have_attribute("role", "textbox")  # it names itself once its script has run
    assert told(page) == []


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_it_keeps_contrast_where_a_row_is_at_hand_and_a_menu_is_open(visit: Visitor, colours: str) -> None:
    here = visit("tasks", colours=colours, still=True)
    here.press("j", "x", "h")
    expect(here.page.locator(".menu:popover-open")).to_be_visible()
    assert told(here.page) == []


@pytest.mark.parametrize("name", PAGES)
def test_it_never_scrolls_sideways_on_a_phone(visit: Visitor, name: str) -> None:
    page = visit(name, "phone").page
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("name", PAGES)
def test_it_asks_no_other_host_and_the_policy_holds(visit: Visitor, gallery: Gallery, name: str) -> None:
    here = visit(name)
    here.page.wait_for_load_state("networkidle")
    assert [url for url in here.asked if not url.startswith((gallery.url, "data:"))] == []
    assert here.complaints == []


OVERLAPS = """() => [...document.querySelectorAll('.task')].flatMap((row) => {
  const parts = [...row.querySelectorAll('.mark, .who, .what, .tag, .due, .acts')];
  const boxes = parts.filter((e) => e.offsetWidth).map((e) => [e, e.getBoundingClientRect()]);
  return boxes.flatMap(([a, x]) => boxes.filter(([b, y]) => !a.contains(b) && !b.contains(a)
    && x.left < y.right - 1 && y.left < x.right - 1 && x.top < y.bottom - 1 && y.top < x.bottom - 1)
    .map(([b]) => `${row.id}: ${a.className} on ${b.className}`));
})"""


@pytest.mark.parametrize("width", [1920, 1440, 1180, 1024, 800, 390])
def test_it_lets_nothing_in_a_row_lie_on_something_else(visit: Visitor, width: int) -> None:
    page = visit("tasks").page
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate(OVERLAPS) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


CONTRASTS = """() => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d');
  const probe = document.body.appendChild(document.createElement('i'));
  const light = (name) => {
    probe.style.color = `var(--${name})`;
    canvas.fillStyle = getComputedStyle(probe).color;
    canvas.fillRect(0, 0, 1, 1);
    const part = (x) => (x /= 255) <= .04045 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4;
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map(part);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const contrast = ([a, b]) => {
    const [low, high] = [light(a), light(b)].sort((x, y) => x - y);
    return (high + .05) / (low + .05);
  };
  const grounds = ['paper', 'card', 'sunken'];
  const inks = ['ink', 'ink-2', 'ink-3', 'accent-text', 'late', 'due', 'done'];
  const kinds = ['late', 'due', 'done', 'idle', 'inmail', 'mail', 'call', 'custom'];
  const soft = kinds.map((x) => [x, x + '-soft', 4.5]);
  const pairs = inks.flatMap((ink) => grounds.map((ground) => [ink, ground, 4.5]));
  const edges = grounds.map((ground) => ['line-field', ground, 3]);
  const all = [...pairs, ...soft, ['accent-ink', 'accent', 4.5], ['ink-2', 'accent-soft', 4.5], ...edges];
  return all.map((p) => [...p, contrast(p)]).filter((p) => p[3] < p[2]).map((p) => p.join(' '));
}"""


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_it_has_colours_that_can_be_read(visit: Visitor, colours: str) -> None:
    assert visit("tasks", colours=colours).page.evaluate(CONTRASTS) == []


def test_it_moves_among_rows_by_j_and_k(visit: Visitor) -> None:
    here = visit("tasks")
    here.press("j")
    assert here.at_hand == "task-1"
    here.press("j", "j")
    assert here.at_hand == "task-3"
    here.press("k")
    assert here.at_hand == "task-2"


def test_it_opens_the_row_at_hand_by_enter(visit: Visitor) -> None:
    here = visit("tasks")
    here.press("j", "Enter")
    here.page.wait_for_url("**/tasks/1")


def test_it_shows_what_is_pushed_to_the_feed(visit: Visitor) -> None:
    feed = visit("tasks").page.locator(".feed")
    expect(feed.locator("li").first).to_have_text("Sam Whitfield replied", timeout=30_000)


def test_it_completes_by_e_with_the_token_and_goes_on_to_the_next(visit: Visitor, gallery: Gallery) -> None:
    gallery.answer = ""
    here = visit("tasks")
    here.press("j", "j", "e")
    expect(here.page.locator("#task-2")).to_have_count(0)
    expect(here.page.locator("#task-3")).to_be_focused()
    (sent,) = gallery.posted
    assert (sent.path, sent.token, sent.by_htmx) == ("/tasks/2/done", TOKEN, True)


def test_it_snoozes_by_h_with_arrows_and_enter(visit: Visitor, gallery: Gallery) -> None:
    here = visit("tasks")
    here.press("j", "h", "ArrowDown", "Enter")
    expect(here.page.locator("#task-1")).to_have_count(0)
    (sent,) = gallery.posted
    assert sent.path == "/tasks/1/snooze"
    assert ("until", "1d") in sent.fields


def test_it_gives_the_row_back_when_a_menu_is_closed(visit: Visitor) -> None:
    here = visit("tasks")
    here.press("j", "h", "Escape")
    here.press("j")
    assert here.at_hand == "task-2"


def test_it_counts_what_is_chosen_and_every_button_carries_the_number(visit: Visitor) -> None:
    here = visit("tasks")
    bulk = here.page.locator("[data-bulk]")
    expect(bulk).to_be_hidden()
    here.press("j", "x")
    expect(bulk).to_contain_text("Complete 1 task")
    here.press("j", "j", "Shift+X")
    expect(bulk).to_contain_text("Complete 3 tasks")
    here.press("Escape")
    expect(bulk).to_be_hidden()


def test_it_sends_the_chosen_rows_with_the_button(visit: Visitor, gallery: Gallery) -> None:
    here = visit("tasks")
    here.press("j", "x", "j", "x")
    here.page.get_by_role("button", name="Complete 2 tasks").click()
    here.page.wait_for_url("**/tasks/bulk")
    fields = gallery.posted[0].fields
    assert [value for name, value in fields if name == "task"] == ["1", "2"]
    assert ("do", "complete") in fields


def test_it_leaves_typing_alone(visit: Visitor) -> None:
    here = visit("forms")
    here.page.locator("#f-signature").fill("")
    here.page.locator("#f-signature").press_sequentially("jkxehz?")
    expect(here.page.locator("#f-signature")).to_have_value("jkxehz?")
    expect(here.page.locator("#keys")).to_be_hidden()


def test_it_chooses_what_came_of_a_call_by_its_number(visit: Visitor) -> None:
    """20 calls in a row: a digit chooses the outcome, E logs the call. O leads to the outcomes, the arrows choose."""
    here = visit("forms")
    outcomes = here.page.get_by_role("group", name="What came of it")
    here.press("2")
    expect(outcomes.get_by_label("Left a message")).to_be_checked()
    here.press("o")
    expect(outcomes.get_by_label("Reached")).to_be_focused()
    expect(outcomes.get_by_label("Left a message")).to_be_checked()


def test_it_saves_what_one_writes_by_control_and_enter(visit: Visitor, gallery: Gallery) -> None:
    here = visit("forms")
    here.page.locator("#f-signature").press("Control+Enter")
    here.page.get_by_text("taken").wait_for()
    assert [posted.path for posted in gallery.posted] == ["/forms"]


def test_it_makes_cards_of_a_list_on_a_phone(visit: Visitor) -> None:
    """Each cell has the heading of its column beside it, and nothing is to be scrolled to."""
    page = visit("pieces", "phone").page
    row = page.locator("tbody tr").first
    expect(row.locator("[data-label=People]")).to_have_text("21")
    expect(row.locator("[data-label=Since]")).to_be_in_viewport(ratio=1)
    assert row.locator("th, td:last-child").evaluate_all(
        "all => all.map((cell) => cell.dataset.label ?? '')"
    ) == ["", ""]


def test_it_shows_its_keys_and_lets_them_be_switched_off(visit: Visitor) -> None:
    here = visit("tasks")
    here.press("?")
    expect(here.page.locator("#keys")).to_be_visible()
    here.page.get_by_label("Single keys work").uncheck()
    here.press("Escape", "j")
    expect(here.page.locator("#keys")).to_be_hidden()
    assert not here.at_hand.startswith("task-")


def test_it_undoes_by_z_while_the_notice_stands(visit: Visitor, gallery: Gallery) -> None:
    here = visit("pieces")
    expect(here.page.get_by_text("call logged")).to_be_visible()
    here.press("z")
    expect(here.page.get_by_text("call logged")).to_have_count(0)
    assert [(sent.path, sent.token) for sent in gallery.posted] == [("/undo/1", TOKEN)]


def test_it_lets_a_notice_pass_after_its_seconds_but_keeps_an_error(visit: Visitor) -> None:
    page = visit("pieces").page
    page.clock.install()
    page.reload()
    page.clock.run_for(9_000)
    expect(page.get_by_text("call logged")).to_be_visible()
    page.clock.run_for(2_000)
    expect(page.get_by_text("call logged")).to_have_count(0)
    expect(page.get_by_text("is not connected")).to_be_visible()


def ground(page: Page) -> str:
    colour: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return colour


def test_it_follows_the_system_until_a_theme_is_chosen_and_remembers_it(visit: Visitor) -> None:
    page = visit("tasks", colours="dark").page
    dark = ground(page)
    page.locator(".me").click()
    page.get_by_role("button", name="Light").click()
    assert ground(page) != dark
    assert [cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "theme"] == ["light"]
    page.get_by_role("button", name="System").click()
    assert ground(page) == dark
    assert page.context.cookies() == []


def test_it_moves_a_step_by_alt_and_arrow_into_the_next_day(visit: Visitor, gallery: Gallery) -> None:
    here = visit("editor")
    here.page.get_by_role("button", name="Move Quick question").focus()
    here.press("Alt+ArrowDown")
    here.page.wait_for_url("**/order")
    order = [value for name, value in gallery.posted[0].fields if name == "order"]
    assert order == ["day:1", "day:3", "11", "31", "32", "day:5", "51"]


def test_it_moves_a_step_by_dragging_its_grip(visit: Visitor, gallery: Gallery) -> None:
    page = visit("editor").page
    page.set_viewport_size({"width": 1440, "height": 1600})
    page.get_by_role("button", name="Move Call about").drag_to(page.locator("#step-31 h3"))
    page.wait_for_url("**/order")
    order = [value for name, value in gallery.posted[0].fields if name == "order"]
    assert order == ["day:1", "11", "day:3", "32", "31", "day:5", "51"]


def test_it_shows_a_send_option_that_is_not_legal_greyed_with_its_reason(visit: Visitor) -> None:
    page = visit("editor").page
    option = page.locator("#send-11").get_by_role("radio", name="Same time as the previous e-mail")
    expect(option).to_be_disabled()
    expect(option).to_have_accessible_description("This is the first e-mail")


def test_it_saves_a_send_option_as_soon_as_it_is_chosen(visit: Visitor, gallery: Gallery) -> None:
    page = visit("editor").page
    page.locator("#send-31").get_by_role("radio", name="Send at the following time").click()
    expect(page.get_by_text("taken")).to_be_visible()
    (sent,) = gallery.posted
    assert (sent.path, sent.token) == ("/steps/31/send", TOKEN)
    assert ("send", "at_time") in sent.fields
    assert ("follow_up", "1") in sent.fields


def test_it_asks_for_a_time_only_where_one_is_meant(visit: Visitor) -> None:
    page = visit("editor").page
    expect(page.locator("#time-51")).to_be_visible()
    expect(page.locator("#time-31")).to_be_hidden()


def test_it_opens_a_dialog_with_the_number_on_its_button(visit: Visitor) -> None:
    here = visit("pieces")
    here.page.get_by_role("button", name="Stop…").click()
    expect(here.page.get_by_role("button", name="cancel 375 messages")).to_be_visible()
    here.page.get_by_role("button", name="Not now").click()
    expect(here.page.locator("#stop")).to_be_hidden()


def test_it_puts_the_error_beside_its_field_and_keeps_what_was_typed(visit: Visitor) -> None:
    field = visit("forms").page.locator("#f-address")
    expect(field).to_have_value("ana.fjord.example")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description("An address has one @: ana@fjord.example")


def test_it_says_the_weekday_of_a_date(visit: Visitor) -> None:
    page = visit("forms").page
    expect(page.get_by_text("Wednesday 2 December, 15:00")).to_be_visible()
    page.locator("#f-send_at").fill("2026-12-03T08:30")
    expect(page.get_by_text("Thursday 3 December, 08:30")).to_be_visible()


def test_it_asks_before_a_changed_form_is_left(visit: Visitor) -> None:
    page = visit("forms").page
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", stay)
    page.locator("#f-signature").press_sequentially("!")
    page.get_by_role("link", name="Campaigns", exact=True).click()
    page.wait_for_url("**/editor.html")
    assert asked == ["beforeunload"]


def test_it_sends_what_the_editor_of_text_holds(visit: Visitor, gallery: Gallery) -> None:
    page = visit("forms").page
    page.locator("trix-editor").press_sequentially("Good morning. ")
    page.get_by_role("button", name="Save the mailbox").click()
    page.wait_for_url("**/forms")
    assert "Good morning." in dict(gallery.posted[0].fields)["body"]


def test_it_opens_the_rail_from_the_bar_on_a_phone(visit: Visitor) -> None:
    page = visit("tasks", "phone").page
    rail = page.get_by_role("navigation", name="Main")
    expect(rail).to_be_hidden()
    page.get_by_role("button", name="More", exact=True).click()
    expect(rail.get_by_role("link", name="Analytics")).to_be_visible()


def test_it_leads_past_the_rail_with_the_first_tab(visit: Visitor) -> None:
    here = visit("tasks")
    here.press("Tab", "Enter")
    expect(here.page.locator("#main")).to_be_focused()


def test_it_shows_where_the_focus_is(visit: Visitor) -> None:
    here = visit("pieces")
    widths = []
    for _ in range(20):
        here.press("Tab")
        widths.append(here.page.evaluate("getComputedStyle(document.activeElement).outlineStyle"))
    assert set(widths) == {"solid"}


def test_it_keeps_still_where_motion_is_not_wanted(visit: Visitor) -> None:
    page = visit("pieces", still=True).page
    lasting = "[...document.querySelectorAll('*')].map((e) => getComputedStyle(e).transitionDuration)"
    assert set(page.evaluate(lasting)) == {"0s"}


def test_it_works_without_scripts(visit: Visitor, gallery: Gallery) -> None:
    page = visit("pieces", scripts=False).page
    page.get_by_role("button", name="More", exact=True).first.click()
    expect(page.get_by_role("link", name="Download the log")).to_be_visible()
    page.locator(".notice").get_by_role("button", name="Undo").click()
    page.wait_for_url("**/undo/1")
    assert gallery.posted[0].fields == [("csrf_token", TOKEN)]
    forms = visit("forms", scripts=False).page
    expect(forms.locator("#f-body")).to_be_visible()
    expect(forms.locator("trix-editor")).to_have_count(0)


def test_it_prints_the_page_without_the_frame(visit: Visitor) -> None:
    page = visit("tasks").page
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", name=re.compile("12 tasks"))).to_be_visible()
    expect(page.locator("#rail")).to_be_hidden()
