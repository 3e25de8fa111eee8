"""The list of people: search, owner, group; add the chosen ones to a group, delete them with a way back."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for

from sales_campaigns.accounts.roles import may
from sales_campaigns.campaigns.listing import campaigns_of
from sales_campaigns.campaigns.models import CampaignState
from sales_campaigns.enrollments.answers.opting_out import unsubscribe_many
from sales_campaigns.enrollments.detours.opting_back import undo_unsubscribing
from sales_campaigns.errors import Invalid
from sales_campaigns.people.bulk_editing import give_people, set_consent
from sales_campaigns.people.editing import delete_people, restore_people
from sales_campaigns.people.groups import add_to_group, groups_of, remove_from_group
from sales_campaigns.people.listing import Wanted, owners, people_page
from sales_campaigns.people.models import Consent
from sales_campaigns.people.searches import kept_search, resolved, save_search
from web.answers import answer, go
from web.filters import CONSENT_WORDS, count_words
from web.numbers import whole, whole_numbers
from web.parts.people_search import engagement_wanted, search_fields
from web.request_scope import me, settings, work

pages = Blueprint("people", __name__)
# Dynamic groups: who is in them is seen when they are opened.
LIVING_GROUPS = (("", "All people"), ("mine", "My people"), ("unsubscribed", "Unsubscribed"))
OPEN = (CampaignState.DRAFT, CampaignState.ACTIVE)


@pages.get("/people")
def index() -> str:
    session, wanted = work().session, _wanted()
    groups = groups_of(session, me())
    looked_for = resolved(session, wanted)
    found = people_page(session, me(), looked_for, after=request.args.get("after", ""))
    return answer(
        "people/index.html",
        "people/_list.html",
        found=found,
        wanted=wanted,
        owner_options=[("", "Everybody"), *((owner.id, owner.name) for owner in owners(session, me()))],
        group_options=[*LIVING_GROUPS, *((line.group.id, line.group.name) for line in groups)],
        chosen_group=request.args.get("group", ""),
        groups=[line for line in groups if line.group.search is None],
        savable=bool(kept_search(wanted)) and looked_for.within is None,
        living=looked_for.within is not None,
        bases=[(basis.value, words) for basis, words in CONSENT_WORDS.items()],
        may_prepare=may(me(), "prepare_deliveries"),
        campaigns=campaigns_of(session, me(), states=OPEN),
        **search_fields(session, me(), wanted),
        narrowed={name: value for name, value in request.args.items() if _narrows(name, value, wanted)},
    )


def _narrows(name: str, value: str, wanted: Wanted) -> bool:
    """A number of days says nothing by itself."""
    return bool(value) and name != "after" and (name != "days" or bool(wanted.did))


@pages.post("/people/bulk")
def bulk() -> Response:
    chosen = request.form.getlist("person", type=whole)
    if not chosen:
        raise Invalid("Choose at least one person first.")
    act = BULK.get(request.form.get("do", ""))
    if act is None:
        raise Invalid("Say what is to be done with them.")
    return act(chosen)


@pages.post("/people/save-search")
def save() -> Response:
    """The search stands in the address, its name in the form."""
    shared = "shared" in request.form
    group = save_search(work(), me(), request.form.get("name", ""), _wanted(), shared=shared)
    words = f"Saved: whoever this finds is in “{group.name}” from now on."
    return go(url_for("people.index", group=group.id), words)


@pages.post("/people/unsubscribed/<int:act_id>/undo")
def subscribe_again(act_id: int) -> Response:
    back = undo_unsubscribing(work(), me(), act_id, settings().undo_seconds)
    return go(url_for("people.index"), f"{count_words(back, 'address', 'addresses')} subscribed again.")


@pages.post("/people/restore")
def restore() -> Response:
    ids = whole_numbers(request.args.get("ids", ""))
    back = restore_people(work(), me(), ids)
    return go(url_for("people.index"), f"{count_words(len(back), 'person', 'people')} restored.")


def _join(chosen: list[int]) -> Response:
    group_id = request.form.get("group", type=whole)
    if group_id is None:
        raise Invalid("Choose the group to add them to.")
    added = add_to_group(work(), me(), group_id, chosen)
    words = f"{count_words(added, 'person', 'people')} added to the group."
    return go(url_for("people.index", group=group_id), words)


def _leave(chosen: list[int]) -> Response:
    group_id = request.form.get("from_group", type=whole)
    if group_id is None:
        raise Invalid("Open the group that they should leave first.")
    remove_from_group(work(), me(), group_id, chosen)
    words = f"{count_words(len(chosen), 'person', 'people')} removed from the group."
    return go(url_for("people.index", group=group_id), words)


def _delete(chosen: list[int]) -> Response:
    gone = delete_people(work(), me(), chosen)
    undo = url_for("people.restore", ids=",".join(map(str, gone)))
    return go(url_for("people.index"), f"{count_words(len(gone), 'person', 'people')} deleted.", undo)


def _launch(chosen: list[int]) -> Response:
    campaign_id = request.form.get("campaign", type=whole)
    if campaign_id is None:
        raise Invalid("Choose the campaign to add them to.")
    people = ",".join(map(str, chosen))
    return go(url_for("launch.begin", campaign_id=campaign_id, people=people))


def _deliver(chosen: list[int]) -> Response:
    return go(url_for("deliveries.new", people=",".join(map(str, chosen))))


def _give(chosen: list[int]) -> Response:
    given = give_people(work(), me(), chosen, request.form.get("owner", 0, int))
    return go(url_for("people.index"), f"{count_words(given, 'person has', 'people have')} a new owner.")


def _consent(chosen: list[int]) -> Response:
    noted = set_consent(work(), me(), chosen, request.form.get("consent", ""))
    return go(url_for("people.index"), f"The basis is noted for {count_words(noted, 'person', 'people')}.")


def _opt_out(chosen: list[int]) -> Response:
    gone = unsubscribe_many(work(), me(), chosen, request.form.get("reason", "")[:300])
    undo = url_for("people.subscribe_again", act_id=gone.batch_id) if gone.number else None
    return go(
        url_for("people.index"), f"{count_words(gone.number, 'address', 'addresses')} unsubscribed.", undo
    )


BULK = {
    "join": _join,
    "leave": _leave,
    "delete": _delete,
    "launch": _launch,
    "deliver": _deliver,
    "give": _give,
    "consent": _consent,
    "unsubscribe": _opt_out,
}


def _wanted() -> Wanted:
    group, consent = request.args.get("group", ""), request.args.get("consent", "")
    return Wanted(
        words=request.args.get("words", "")[:200],
        owner_id=me().id if group == "mine" else request.args.get("owner", type=whole),
        group_id=request.args.get("group", type=whole),
        unsubscribed=group == "unsubscribed",
        consent=consent if consent in {*Consent, "none"} else "",
        import_id=request.args.get("import", type=whole),
        **engagement_wanted(request.args, work().now),
    )
