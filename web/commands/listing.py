"""flask people list, people groups and campaign list."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from sales_campaigns.accounts.users import user_by_email
from sales_campaigns.campaigns.listing import campaigns_of
from sales_campaigns.campaigns.models import CampaignState
from sales_campaigns.enrollments.explaining.counting import PeopleCount, people_counts
from sales_campaigns.errors import NotFound
from sales_campaigns.people.groups import groups_of
from sales_campaigns.people.listing import Wanted, people_page
from sales_campaigns.people.searches import resolved
from web.commands.running import command_work, json_option, out

WHOSE = click.option("--user", "email", required=True, help="Whose rights it is done with.")
AT_MOST = click.option("--limit", default=50, type=click.IntRange(1, 10_000), help="At most so many.")


@click.command("list")
@WHOSE
@click.option("--words", default="", help="Of names, company and address.")
@click.option("--group", "group", default="", help="Of this group, or found by this saved search.")
@AT_MOST
@json_option
@with_appcontext
def list_people(email: str, words: str, group: str, limit: int, as_json: bool) -> None:
    """People of the user's team by name, and why mail is not allowed."""
    with command_work() as uow:
        actor = user_by_email(uow, email)
        named = {line.group.name: line.group.id for line in groups_of(uow.session, actor)}
        if group and group not in named:
            raise NotFound(f"There is no group “{group}” that {email} may use.")
        wanted = resolved(uow.session, Wanted(words=words, group_id=named.get(group), as_of=uow.now))
        data = [
            {
                "id": line.person.id,
                "email": line.person.email,
                "name": line.person.name,
                "company": line.person.company,
                "owner": line.owner,
                "warning": line.sentence,
            }
            for line in people_page(uow.session, actor, wanted, limit=limit).lines
        ]
    out(data, as_json)


@click.command("groups")
@WHOSE
@json_option
@with_appcontext
def list_groups(email: str, as_json: bool) -> None:
    """Groups and saved searches that the user may use."""
    with command_work() as uow:
        data = [
            {
                "id": line.group.id,
                "name": line.group.name,
                "people": line.words,
                "shared": line.group.shared,
            }
            for line in groups_of(uow.session, user_by_email(uow, email))
        ]
    out(data, as_json)


@click.command("list")
@WHOSE
@click.option("--state", type=click.Choice([one.value for one in CampaignState]), help="Only these.")
@json_option
@with_appcontext
def list_campaigns(email: str, state: str | None, as_json: bool) -> None:
    """Campaigns of the user's team, with how many people are under way and how many are through."""
    with command_work() as uow:
        states = [CampaignState(state)] if state else []
        lines = campaigns_of(uow.session, user_by_email(uow, email), states=states)
        people = people_counts(uow.session, [line.id for line in lines])
        data = [
            {
                "id": line.id,
                "state": line.state.value,
                "name": line.name,
                "under_way": people.get(line.id, PeopleCount()).under_way,
                "over": people.get(line.id, PeopleCount()).over,
            }
            for line in lines
        ]
    out(data, as_json)
