"""A rep's way through the real product in a browser, from a file of people to a conversation with each of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.serving import serving
from tests.torture.installation import wait_until

pytestmark = pytest.mark.browser

SPEED = 2880  # a day in half a minute
PATIENCE = 15_000  # ms for an answer while other tests keep the machine busy
A_DAY = 60_000  # ms of patience for what happens a day later
CALL = "Call about the prices of spring"
PEOPLE = """First name,Last name,E-mail,Company,Time zone
Astrid,Holm,astrid@tindra.example,Tindra,Europe/Stockholm
Bruno,Costa,bruno@azulejo.example,Azulejo,Europe/Lisbon
Carla,Mendez,carla@altavista.example,Altavista,Europe/Madrid
Dean,Fox,dean@harrow.example,Harrow,Europe/London
Emi,Sato,emi@kaze.example,Kaze,Europe/Berlin
"""


@pytest.fixture
def page(demo: Path, browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """Ana, just signed in by her link."""
    with serving(demo, tmp_path / "served", SPEED) as link:
        address = link.partition("/sign-in")[0]
        context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=address)
        page = context.new_page()
        expect.set_options(timeout=PATIENCE)
        page.goto(link)
        yield page
        expect.set_options(timeout=5_000)
        context.close()


def test_it_takes_a_rep_from_a_file_of_people_to_a_conversation(page: Page, tmp_path: Path) -> None:
    she_is_told_that_time_runs_fast(page)
    she_imports_people(page, tmp_path)
    she_builds_a_campaign(page)
    feed = she_keeps_the_live_feed_open(page)
    she_launches_it(page)
    the_first_mails_arrive(page)
    it_is_pushed_to_the_feed(feed)
    she_sends_a_mail_by_hand(page)
    the_follow_ups_stand_in_the_same_threads(page)
    she_completes_a_call_takes_it_back_and_completes_it_again(page)
    she_goes_through_her_calls_by_keys(page)


def she_is_told_that_time_runs_fast(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("Good day, Ana")
    expect(page.get_by_text(f"Demo: time runs {SPEED:,} times as fast.")).to_be_visible()


def she_imports_people(page: Page, folder: Path) -> None:
    page.goto("/groups")
    page.get_by_label("Name").fill("Spring fair")
    press(page, "Make group")
    (folder / "people.csv").write_text(PEOPLE)
    page.goto("/people/import")
    page.locator("input[type=file]").set_input_files(folder / "people.csv")
    page.get_by_label("Put everybody into a group").select_option("Spring fair")
    press(page, "Upload")
    press(page, "Check the file")
    press(page, "Import 5 rows")
    expect(page.get_by_text("Everybody is in.")).to_be_visible()


def she_builds_a_campaign(page: Page) -> None:
    page.goto("/campaigns/new")
    page.get_by_label("Name").fill("Spring campaign")
    press(page, "Make the campaign")
    she_lets_it_send_at_any_time(page)
    she_adds_a_step(page, 1, "E-mail")
    page.get_by_role("link", name="Add a day").click()
    she_adds_a_step(page, 2, "E-mail")
    she_adds_a_step(page, 2, "Call")
    she_sees_what_is_not_legal_and_takes_what_is(page)
    she_writes_a_mail(
        page, 0, "Spring prices for {{ company }}", "Hello {{ first_name }}, shall I send them?"
    )
    she_writes_a_mail(page, 1, "", "Hello {{ first_name }}, did they reach you?")
    page.locator("li.step h3 a").nth(2).click()
    page.get_by_label("What is to be done").fill(CALL)
    press(page, "Save the step")


def she_lets_it_send_at_any_time(page: Page) -> None:
    """The walk is the same on a Sunday and at night."""
    page.get_by_role("link", name="Settings", exact=True).click()
    page.get_by_label("Skip weekends").uncheck()
    page.get_by_label("E-mails leave from").fill("")
    page.get_by_label("and before").fill("")
    press(page, "Save the settings")
    page.get_by_role("link", name="Steps", exact=True).click()


def she_adds_a_step(page: Page, day: int, kind: str) -> None:
    before = page.locator("li.step").count()
    menu = page.locator(".menu:popover-open")
    while not menu.count():  # what still settles on a busy machine closes it: a person presses again
        press(page, f"Add a step to day {day}")
        page.wait_for_timeout(100)
    press(menu, kind)
    expect(page.locator("li.step")).to_have_count(before + 1)
    expect(page.locator("[class*=htmx-]")).to_have_count(0)


def she_sees_what_is_not_legal_and_takes_what_is(page: Page) -> None:
    first, second = page.locator("form.send").all()
    expect(first.locator("input[value=same_time]")).to_be_disabled()
    expect(second.locator("input[value=choose]")).to_be_disabled()
    expect(first.locator("input[value=choose]")).to_be_checked()
    with page.expect_response("**/send"):
        second.get_by_label("Follow-up to the previous e-mail").check()
    expect(second.locator(".effect")).to_contain_text("like day 1")


def she_writes_a_mail(page: Page, number: int, subject: str, words: str) -> None:
    page.locator("li.step h3 a").nth(number).click()
    page.get_by_label("Subject", exact=True).fill(subject)
    page.locator("trix-editor").click()
    page.keyboard.type(words)
    press(page, "Save the step")


def she_keeps_the_live_feed_open(page: Page) -> Page:
    feed = page.context.new_page()
    feed.goto("/feed")
    feed.evaluate("document.body.dataset.opened = 'once'")
    page.bring_to_front()
    return feed


def she_launches_it(page: Page) -> None:
    page.get_by_role("link", name="Add people").first.click()
    page.locator("label.choice", has_text="Spring fair").click()
    press(page, "Add the ticked groups")
    expect(page.get_by_role("heading", name="5 people chosen")).to_be_visible()
    press(page, "Check 5 people")
    she_looks_straight_at_the_end_and_goes_back(page)
    for button in ("See the first e-mails", "Choose the times", "Go on to confirm"):
        press(page, button)
    press(page, "Start 5 people")
    expect(page.locator(".notice")).to_contain_text("5 people started.")


def she_looks_straight_at_the_end_and_goes_back(page: Page) -> None:
    """From the check one may go straight to confirm, with the times of the campaign, and back from there."""
    press(page, "Straight to confirm")
    told = page.locator(".next-words")
    expect(told).to_contain_text("5 people start.")
    expect(told).to_contain_text("The first e-mail leaves")
    expect(page.get_by_role("button", name="Start 5 people", exact=True)).to_be_visible()
    page.locator(".wizard-back", has_text="Check").click()


def the_first_mails_arrive(page: Page) -> None:
    """Each with its own words."""
    look_again_until(page, "/caught?q=Spring+prices", page.locator("article.caught-thread"), 5)
    page.get_by_role("link", name="emi@kaze.example").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Spring prices for Kaze")
    frame = page.frame_locator("iframe.caught-frame")
    expect(frame.locator("body")).to_contain_text("Hello Emi, shall I send them?")
    expect(frame.locator("body")).to_contain_text("Ana Lind")


def she_sends_a_mail_by_hand(page: Page) -> None:
    """The task's composer opens filled in; its mail arrives."""
    page.goto("/tasks?kind=email")
    page.locator("li.task .lead").first.click()
    subject = page.get_by_label("Subject", exact=True)
    expect(subject).to_have_value(re.compile("A table for .+"))
    expect(page.locator("trix-editor")).to_contain_text("Ten minutes.")
    subject.fill("A table in hall 4, by hand")
    press(page, "Send 1 mail")
    expect(page.locator(".notice")).to_contain_text("is on its way")
    look_again_until(page, "/caught?q=by+hand", page.locator("article.caught-thread"), 1)


def it_is_pushed_to_the_feed(feed: Page) -> None:
    """The feed has been open since before the launch, and nobody has loaded it again."""
    feed.bring_to_front()
    told = feed.locator(
        "[data-feed-list] li", has_text=re.compile("Spring campaign · day 1|Spring prices for")
    )
    expect(told.first).to_be_visible()
    expect(feed.locator("body")).to_have_attribute("data-opened", "once")
    feed.close()


def the_follow_ups_stand_in_the_same_threads(page: Page) -> None:
    two_mails = page.locator("article.caught-thread", has_text="2 in thread")
    look_again_until(page, "/caught?q=Spring+prices", two_mails, 5)
    two_mails.first.get_by_role("link", name="Re: ").click()
    expect(page.frame_locator("iframe.caught-frame").locator("body")).to_contain_text("did they reach you?")
    page.get_by_text("Raw", exact=True).click()
    raw = page.locator("pre.caught-raw").nth(1)
    expect(raw).to_contain_text("References: <")
    expect(raw).to_contain_text("In-Reply-To: <")


def she_completes_a_call_takes_it_back_and_completes_it_again(page: Page) -> None:
    calls = page.locator("li.task", has_text=CALL)
    look_again_until(page, "/tasks?kind=call", calls, 1)
    row = page.locator(f"#{calls.first.get_attribute('id')}")
    she_completes(page, row)
    page.keyboard.press("z")
    expect(page.locator(".notice", has_text="Undone")).to_be_visible()
    expect(row).to_be_visible()
    she_completes(page, row)
    page.goto("/tasks?show=done")
    expect(row).to_contain_text("Done")


def she_goes_through_her_calls_by_keys(page: Page) -> None:
    """S begins, N passes over, a number says what came of the call, E is done, and the player goes on by itself."""
    page.goto("/tasks?kind=call")
    expect(page.locator("[data-live]").first).to_be_visible()
    page.keyboard.press("s")
    she_is_at(page, 1)
    page.keyboard.press("n")
    she_is_at(page, 2)
    page.keyboard.press("1")
    expect(page.locator("input[name=outcome]").first).to_be_checked()
    page.keyboard.press("e")
    she_is_at(page, 3)
    page.keyboard.press("h")
    expect(page.locator("[name=until_local]")).to_be_focused()


def she_is_at(page: Page, number: int) -> None:
    expect(page.locator(".play-progress")).to_have_attribute("aria-label", re.compile(f"^{number} of"))
    page.wait_for_load_state()  # the page's scripts run


def she_completes(page: Page, row: Locator) -> None:
    expect(page.locator("[data-live]").first).to_be_visible()  # the page's scripts run
    row.focus()
    page.keyboard.press("e")
    expect(row).to_have_count(0)


def press(where: Page | Locator, button: str) -> None:
    where.get_by_role("button", name=button, exact=True).click()


def look_again_until(page: Page, path: str, found: Locator, count: int) -> None:
    """A page that is not pushed is opened again, as a person would."""

    def look() -> int:
        page.goto(path)
        return found.count()

    wait_until(lambda: look() >= count, A_DAY / 1000, f"{count} on {path}")
