"""The CRM of whoever is signed in: asked with no transaction open, and the addresses of what stands there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import request, url_for

from sales_campaigns.crm.accounts import account_of
from sales_campaigns.crm.models import CrmConnection
from sales_campaigns.crm.reading import VENDOR_WORDS, person_there, task_there
from sales_campaigns.crm.syncing import CrmDesk
from sales_campaigns.errors import NotFound
from sales_campaigns.people.models import Person
from sales_campaigns.ports.crm import Crm, Crms
from sales_campaigns.tasks.models import Task
from web.request_scope import give_up, house, settings, work

Link = dict[str, str]
Said = TypeVar("Said")


def crms() -> Crms:
    """The adapters. Raises NotFound where the installation has none."""
    found = house().outside.crms
    if found is None:
        raise NotFound("No CRM can be connected here.")
    return found


def opened(connection: CrmConnection) -> Crm:
    """As the connection's own user."""
    desk = CrmDesk(house().writes, house().clock, crms(), house().seal)
    return crms().open(account_of(connection, house().seal, desk.keep))


def answer_of(connection: CrmConnection, ask: Callable[[Crm], Said]) -> Said:
    """What the CRM says. The request's unit of work ends here: nobody waits for a lock while a CRM does not answer."""
    crm = opened(connection)
    give_up()
    return ask(crm)


def task_link(task: Task) -> Link | None:
    """Where a task stands in the CRM, in words and as an address."""
    return _link(task_there(work().session, task.team_id, task.id))


def person_link(person: Person) -> Link | None:
    return _link(person_there(work().session, person))


def way_back() -> str:
    """The address that the CRM sends an administrator back to; it stands in its own settings."""
    return outside_address(url_for("crm_sign_in.back"))


def outside_address(path: str) -> str:
    """As others reach it; while PUBLIC_URL is not set, as this browser does."""
    return f"{settings().public_url or request.host_url.rstrip('/')}{path}"


def _link(found: tuple[CrmConnection, str] | None) -> Link | None:
    if found is None or house().outside.crms is None:
        return None
    connection, crm_id = found
    return {"href": opened(connection).link(crm_id), "words": f"In {VENDOR_WORDS[connection.vendor]}"}
