"""Style sheets, scripts and icons: a browser asks for each once a release."""

from __future__ import annotations

import re

from flask import Flask

from tests.pages.conftest import browser_of
from web.assets import FOLDER, of_the_files

LINKED = re.compile(r'(?:href|src)="(/static/[^"#]+)"')


def test_what_a_page_is_shown_with_is_kept_for_a_year_under_the_name_of_its_release(app: Flask) -> None:
    browser = browser_of(app)
    linked = set(LINKED.findall(browser.get("/sign-in").text))
    assert len(linked) > 9
    for address in linked:
        assert address.startswith(f"/static/{of_the_files()}/")
        answer = browser.get(address, buffered=True)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "max-age=31536000, public, immutable"


def test_a_page_opened_before_an_upgrade_gets_what_there_is_and_keeps_nothing(app: Flask) -> None:
    answer = browser_of(app).get("/static/0123456789abcdef/js/app.js", buffered=True)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-cache"


def test_only_what_stands_in_the_folder_is_given(app: Flask) -> None:
    for away in ("../security.py", "%2e%2e/security.py", "css", "css/none.css"):
        assert browser_of(app).get(f"/static/{of_the_files()}/{away}").status_code == 404


def test_files_name_each_other_so_that_they_stay_in_their_release() -> None:
    for file in (*FOLDER.glob("js/*.js"), *FOLDER.rglob("css/**/*.css")):
        assert not re.search(r"""["'(]/(?!/)[a-z]*/?(?:js|css|packages)/""", file.read_text()), file
