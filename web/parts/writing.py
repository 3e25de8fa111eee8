"""What stands beside the words of every mail that is written: fields, snippets, files, hints, and templates to take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sales_campaigns.accounts.models import Team
from sales_campaigns.content.favourites import favourites_of
from sales_campaigns.content.fields import FIELDS
from sales_campaigns.content.hints import Hint, hints_for
from sales_campaigns.content.rendering import Content
from sales_campaigns.content.snippets import snippets_of
from sales_campaigns.content.template_list import TemplateLine, templates_of
from sales_campaigns.messages.outbox.recommended import recommended
from sales_campaigns.people.custom_fields import custom_names
from web.parts.attachments import files_shown
from web.request_scope import me, settings, work


def beside_the_words(typed: Mapping[str, Any], *, bulk: bool = False) -> dict[str, Any]:
    """For the form of a mail. `typed`: its fields, with `bundle_id` where files are attached; `bulk`: to many."""
    return {
        "fields": FIELDS,
        "snippets": snippets_of(work().session, me()),
        "files": files_shown(typed.get("bundle_id")),
        "hints": hints_typed(typed, bulk=bulk),
        "bulk": bulk,
    }


def hints_typed(typed: Mapping[str, Any], *, bulk: bool) -> list[Hint]:
    """Hints about what is typed."""
    subject, html, text = (str(typed.get(name) or "") for name in ("subject", "html", "text"))
    session = work().session
    team = session.get_one(Team, me().team_id)
    return hints_for(
        Content(subject, html, text),
        custom_fields=custom_names(session, me()),
        bulk=bulk,
        unsubscribe_link=team.footer and bool(settings().outward_url),
    )


def template_choices(search: str = "") -> list[tuple[str, list[tuple[TemplateLine, str]]]]:
    """(heading, [(template, figures in words)]): one's favourites, then what is recommended, then all by category."""
    session = work().session
    lines = templates_of(session, me(), search=search)
    by_id = {line.id: line for line in lines}
    mine = favourites_of(session, me())
    best = [(by_id[one.id], one.figures) for one in recommended(session, me(), work().now) if one.id in by_id]
    favourites = [(line, "") for line in lines if line.id in mine]
    groups = [("Favourites", favourites), ("Recommended", best)]
    categories = list(dict.fromkeys(line.category for line in lines))
    groups += [
        (name or "No category", [(line, "") for line in lines if line.category == name])
        for name in categories
    ]
    return [(heading, found) for heading, found in groups if found]
