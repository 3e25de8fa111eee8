"""What stands under mails: the team's words with the link that unsubscribes."""

from __future__ import annotations

from pydantic import Field

from sales_campaigns.accounts.models import Team
from sales_campaigns.accounts.roles import require
from sales_campaigns.api_access.scopes import Scope
from sales_campaigns.messages.letters.footers import change_footer
from sales_campaigns.messages.letters.marks import FOOTER
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, Shown
from web.request_scope import me, work

api = Area("policies", "", Scope.ADMIN)


class FooterTyped(Asked):
    wanted: bool = True
    text: str = Field("", max_length=2_000, description="Empty for the product's own.")
    mirror_link: bool = Field(False, description="Mails to many begin with a link to their page.")


class FooterShown(Shown):
    wanted: bool
    text: str
    mirror_link: bool


@api.get("/footer")
def get_footer() -> FooterShown:
    """The words of your team."""
    require(me(), "manage_team")
    team = work().session.get_one(Team, me().team_id)
    return FooterShown(wanted=team.footer, text=team.unsubscribe_text or FOOTER, mirror_link=team.mirror_link)


@api.put("/footer", example={"wanted": True, "text": "No more mail? [unsubscribe here]."})
def change_footer_of_team(body: FooterTyped) -> FooterShown:
    """For what leaves from now on."""
    change_footer(work(), me(), **body.model_dump())
    work().session.flush()
    return get_footer()
