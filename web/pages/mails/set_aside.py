"""What was set aside: reactions that failed three times, for administrators to see and to try again."""

from __future__ import annotations

from flask import Blueprint, Response, url_for

from sales_campaigns.accounts.roles import require
from sales_campaigns.reactions import set_aside, try_again
from web.answers import go, page
from web.filters import count_words
from web.request_scope import me, work

pages = Blueprint("set_aside", __name__, url_prefix="/set-aside")


@pages.get("")
def index() -> str:
    require(me(), "manage_installation")
    return page("set_aside/index.html", rows=set_aside(work().session))


@pages.post("")
def again() -> Response:
    number = try_again(work(), me())
    return go(url_for(".index"), f"{count_words(number, 'thing')} tried again within seconds.")
