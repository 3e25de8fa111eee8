"""Where the pages are: the rail, Administration by subject, and the way back from below."""

from __future__ import annotations

import re
from collections.abc import Callable

from sales_campaigns.accounts.models import Role, User
from tests.cast import Cast
from tests.conftest import Work
from tests.pages.conftest import Browser
from tests.pages.parts import plain
from web.navigation import DUTIES

Browse = Callable[[User], Browser]
RAIL = re.compile(r'<a class="rail-link" href="([^"]+)"( aria-current=page)?')


def rail(browser: Browser, path: str) -> dict[str, bool]:
    """href → whether it is where one is."""
    return {href: bool(current) for href, current in RAIL.findall(browser.get(path).text)}


def test_the_rail_of_a_rep_names_the_work_and_nothing_of_administrators(browse: Browse, cast: Cast) -> None:
    found = rail(browse(cast.ana), "/tasks")
    assert not {"/admin", "/users", "/team"} & set(found)
    assert [href for href, current in found.items() if current] == ["/tasks"]


def test_administrators_reach_each_of_their_pages_in_two_clicks(browse: Browse, cast: Cast) -> None:
    """The rule: nothing important is more than two clicks away."""
    cleo = browse(cast.cleo)
    assert "/admin" in rail(cleo, "/")
    told = cleo.get("/admin").text
    links = re.findall(r'<a class="duty plain" href="([^"]+)"', told)
    assert len(links) == len(set(links)) == sum(map(len, DUTIES.values()))
    assert all(cleo.get(link).status_code == 200 for link in links)
    assert all(subject in plain(told) for subject in DUTIES)


def test_a_team_administrator_is_shown_what_may_be_opened(browse: Browse, work: Work, cast: Cast) -> None:
    with work() as uow:
        uow.session.get_one(User, cast.ben.id).role = Role.TEAM_ADMINISTRATOR
    ben = browse(cast.ben)
    links = re.findall(r'<a class="duty plain" href="([^"]+)"', ben.get("/admin").text)
    assert "/users" in links and "/admin/health" not in links
    assert all(ben.get(link).status_code == 200 for link in links)


def test_a_page_of_administrators_leads_back_and_the_rail_says_where_it_is(
    browse: Browse, cast: Cast
) -> None:
    cleo = browse(cast.cleo)
    for path in ("/users", "/admin/holidays", "/settings/calls", "/admin/crm/users"):
        assert [href for href, current in rail(cleo, path).items() if current] == ["/admin"], path
        assert '<a href="/admin">Administration</a> ›' in cleo.get(path).text
    assert '<a href="/admin">' not in cleo.get("/tasks").text


def test_the_rail_shows_what_a_page_without_an_entry_lies_below(browse: Browse, cast: Cast) -> None:
    ana = browse(cast.ana)
    for path, entry in (
        ("/snippets", "/templates"),
        ("/groups", "/people"),
        ("/test-profiles", "/deliveries"),
    ):
        assert rail(ana, path)[entry]
