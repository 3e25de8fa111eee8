"""What stands around the mails of a team: its words with the link that unsubscribes, a link to the mirror page."""

from __future__ import annotations

from sales_campaigns.accounts.models import Team, User
from sales_campaigns.accounts.roles import require
from sales_campaigns.errors import Invalid
from sales_campaigns.messages.letters.marks import FOOTER, footer_problem
from sales_campaigns.unit_of_work import UnitOfWork


def change_footer(
    uow: UnitOfWork, actor: User, *, wanted: bool, text: str, mirror_link: bool = False
) -> None:
    """For what leaves from now on; `text` "" is the product's own. `mirror_link`: mails to many begin with a
    link to their mirror page. Raises Invalid where the link has no words.
    """
    require(actor, "manage_team")
    said = text.replace("\r\n", "\n").strip()
    problem = footer_problem(said) if said else ""
    if problem:
        raise Invalid({"text": problem})
    team = uow.session.get_one(Team, actor.team_id)
    team.footer, team.unsubscribe_text = wanted, "" if said == FOOTER else said
    team.mirror_link = mirror_link
    data = {"wanted": wanted, "mirror_link": mirror_link}
    uow.record("team.footer_changed", actor_id=actor.id, team_id=team.id, data=data)
