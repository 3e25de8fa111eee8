"""The list of campaigns: find, make, copy, put away, import and export."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from sales_campaigns.accounts.policies import require_open
from sales_campaigns.analytics.reply_rates import answered_by_campaign
from sales_campaigns.analytics.report import percent
from sales_campaigns.campaigns.beside_the_file import left_out_of_the_file
from sales_campaigns.campaigns.copying import archive_campaign, copy_campaign, restore_campaign
from sales_campaigns.campaigns.creating import create_campaign
from sales_campaigns.campaigns.file import read_campaign, write_campaign
from sales_campaigns.campaigns.filing import export_campaign, import_campaign
from sales_campaigns.campaigns.listing import CampaignLine, campaign_of, campaigns_of, categories_of
from sales_campaigns.campaigns.models import Campaign, CampaignState
from sales_campaigns.campaigns.starters import STARTERS, start_from
from sales_campaigns.enrollments.explaining.counting import PeopleCount, people_counts
from sales_campaigns.enrollments.pausing import pause_campaign, resume_campaign
from sales_campaigns.errors import Invalid
from web.answers import answer, go, page
from web.filters import count_words
from web.parts.way_back import way_back
from web.request_scope import me, work

pages = Blueprint("campaigns", __name__)
LARGEST_FILE = 2_000_000  # bytes


@pages.get("/campaigns")
def index() -> str:
    session, wanted = work().session, request.args
    lines = _lines_shown()
    return answer(
        "campaigns/index.html",
        "campaigns/_list.html",
        lines=lines,
        figures=people_counts(session, [line.id for line in lines]),
        categories=categories_of(session, me()),
        states=list(CampaignState),
        wanted=wanted,
    )


@pages.get("/campaigns/reply-rates")
def reply_rates() -> str:
    """The column that counts every mail, so that the list does not wait for it."""
    lines = _lines_shown()
    return page(
        "campaigns/_reply_rates.html",
        lines=lines,
        answered=answered_by_campaign(work().session, [line.id for line in lines]),
        percent=percent,
    )


@pages.get("/campaigns/new")
def new() -> str:
    require_open(work().session, me(), "edit_campaigns")
    return _new_form({}, {})


@pages.post("/campaigns")
def create() -> AnyResponse | tuple[str, int]:
    typed = request.form
    try:
        campaign = _made(typed.get("name", ""), typed.get("category", ""), typed.get("starter", ""))
    except Invalid as refusal:
        return _new_form(typed, refusal.problems), 422
    return go(url_for("campaign_editor.index", campaign_id=campaign.id))


@pages.post("/campaigns/import")
def import_file() -> AnyResponse | tuple[str, int]:
    pasted = request.form.get("source", "")
    try:
        source = _uploaded() or pasted
        filed = import_campaign(work(), me(), read_campaign(source))
    except Invalid as refusal:
        return _new_form({"source": pasted}, {"source": "\n".join(_lines(refusal))}), 422
    words = "Imported as a new campaign." if filed.created else "Imported as a new version."
    if not filed.in_force:
        words += " People are under way, so the changes wait until you apply them."
    return go(url_for("campaign_editor.index", campaign_id=filed.campaign.id), words)


@pages.get("/campaigns/<int:campaign_id>/export")
def export(campaign_id: int) -> Response:
    session = work().session
    campaign = campaign_of(session, me(), campaign_id)
    notes = "".join(f"# {words}\n" for words in left_out_of_the_file(session, campaign))
    text = notes + write_campaign(export_campaign(session, campaign))
    response = Response(text, mimetype="application/yaml")
    response.headers.set("Content-Disposition", "attachment", filename=f"{campaign.name}.yaml")
    return response


@pages.post("/campaigns/<int:campaign_id>/copy")
def copy(campaign_id: int) -> Response:
    campaign = copy_campaign(work(), me(), campaign_id)
    return go(url_for("campaign_editor.index", campaign_id=campaign.id), f"This is “{campaign.name}”.")


@pages.post("/campaigns/<int:campaign_id>/archive")
def archive(campaign_id: int) -> Response:
    campaign = archive_campaign(work(), me(), campaign_id)
    undo = url_for(".restore", campaign_id=campaign_id)
    waiting = people_counts(work().session, [campaign_id]).get(campaign_id, PeopleCount()).under_way
    words = f"“{campaign.name}” is archived; nothing of it leaves."
    if waiting:
        people = count_words(waiting, "person under way waits", "people under way wait")
        words += f" {people} until it is restored and resumed; open tasks stay in their lists."
    return go(url_for(".index"), words, undo)


@pages.post("/campaigns/<int:campaign_id>/restore")
def restore(campaign_id: int) -> Response:
    campaign = restore_campaign(work(), me(), campaign_id)
    return go(url_for(".index"), f"“{campaign.name}” is back as {campaign.state.value}.")


@pages.post("/campaigns/<int:campaign_id>/pause")
def pause(campaign_id: int) -> Response:
    pause_campaign(work(), me(), campaign_of(work().session, me(), campaign_id))
    undo = url_for(".resume", campaign_id=campaign_id)
    words = "Paused: nothing is sent and no task opens until you resume it."
    return go(_where_it_was_pressed(campaign_id), words, undo)


@pages.post("/campaigns/<int:campaign_id>/resume")
def resume(campaign_id: int) -> Response:
    resume_campaign(work(), me(), campaign_of(work().session, me(), campaign_id))
    words = "Running again. What came due meanwhile has moved to its next time."
    return go(_where_it_was_pressed(campaign_id), words)


def _where_it_was_pressed(campaign_id: int) -> str:
    return way_back(url_for("campaign_editor.index", campaign_id=campaign_id))


def _new_form(typed: object, problems: object) -> str:
    return page(
        "campaigns/new.html",
        typed=typed,
        problems=problems,
        categories=categories_of(work().session, me()),
        starters=[
            ("", "Nothing yet", "An empty draft."),
            *((key, one.name, one.about) for key, one in STARTERS.items()),
        ],
    )


def _made(name: str, category: str, starter: str) -> Campaign:
    """An empty draft, or one with the steps of a starter."""
    if starter not in STARTERS:
        return create_campaign(work(), me(), name, category)
    return start_from(work(), me(), starter, name, category)


def _uploaded() -> str:
    """The text of the uploaded file, "" when none was chosen. Raises Invalid."""
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        return ""
    content = upload.stream.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise Invalid("This file is larger than 2 MB; a campaign file never is.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("This is not text in UTF-8. Save it as UTF-8 and choose it again.") from None


def _lines(refusal: Invalid) -> list[str]:
    return [f"{field}: {words}" if field else words for field, words in refusal.problems.items()]


def _lines_shown() -> list[CampaignLine]:
    wanted = request.args
    state = wanted.get("state", "")
    return campaigns_of(
        work().session,
        me(),
        search=wanted.get("search", ""),
        category=wanted.get("category"),
        states=[CampaignState(state)] if state in list(CampaignState) else [],
    )
