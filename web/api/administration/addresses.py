"""Addresses and domains that get no mail: quarantine, block list, allow list."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from sales_campaigns.accounts.roles import require
from sales_campaigns.api_access.scopes import Scope
from sales_campaigns.enrollments.answers.opting_out import block_address, block_domain
from sales_campaigns.people import quarantine
from sales_campaigns.people.blocking import blocked_domains, unblock_domain
from sales_campaigns.people.models import Address
from sales_campaigns.people.quarantine import Listed, Wanted
from web.api.protocol.operations import Area
from web.api.protocol.shapes import MOST, Asked, Done, Ids, Instant, Line, Shown
from web.request_scope import me, work

api = Area("addresses", "Addresses and domains that get no mail.", Scope.ADMIN)


class AddressesAsked(Asked):
    list: Listed = Listed.QUARANTINE
    words: str = Field("", max_length=200, description="Of the error.")
    domain: str = Field("", max_length=254)
    since: Instant | None = None
    until: Instant | None = None
    limit: int = Field(100, ge=1, le=MOST)


class AddressTyped(Asked):
    list: Listed
    email: Line


class Numbers(Asked):
    addresses: Ids


class DomainTyped(Asked):
    domain: Line
    reason: Line = ""


class AddressShown(Shown):
    id: int
    email: str
    trouble: str
    errors: int
    error_reason: str
    last_error_at: AwareDatetime | None
    quarantined_at: AwareDatetime | None
    blocked_at: AwareDatetime | None
    allowed_at: AwareDatetime | None


class AddressesShown(Shown):
    found: int
    addresses: list[AddressShown]


class DomainShown(Shown):
    domain: str
    reason: str
    addresses: int


class DomainsShown(Shown):
    domains: list[DomainShown]


@api.get("/addresses")
def list_addresses(query: AddressesAsked) -> AddressesShown:
    """One of the lists, the newest first; narrow it to see more of it."""
    require(me(), "manage_installation")
    wanted = Wanted(query.words, query.domain, query.since, query.until)
    rows = quarantine.listed(work().session, query.list, wanted, query.limit)
    found = quarantine.count_listed(work().session, query.list, wanted)
    return AddressesShown(found=found, addresses=list(map(_shown, rows)))


@api.post("/addresses", example={"list": "blocked", "email": "nobody@example.com"})
def put_address_on_list(body: AddressTyped) -> AddressShown:
    """Put an address on the block list, which ends every campaign for whoever has it, or on the allow list."""
    require(me(), "manage_installation")
    if body.list is Listed.BLOCKED:
        return _shown(block_address(work(), me(), body.email)[0])
    return _shown(quarantine.put_on(work(), me(), body.list, body.email))


@api.post("/addresses/<int:address_id>/take-off", example={"list": "blocked", "email": ""})
def take_address_off_list(address_id: int, body: AddressTyped) -> AddressShown:
    """Take it off that list."""
    require(me(), "manage_installation")
    return _shown(quarantine.take_off(work(), me(), body.list, address_id))


@api.post("/addresses/release", example={"addresses": [1]})
def release_addresses(body: Numbers) -> Done:
    """Release addresses from quarantine; they may be mailed again."""
    require(me(), "manage_installation")
    return Done(words="Released.", count=len(quarantine.release(work(), me(), body.addresses)))


@api.post("/addresses/quarantine-again", example={"addresses": [1]})
def quarantine_addresses_again(body: Numbers) -> Done:
    """Undo a release. `count` is how many are in quarantine again."""
    require(me(), "manage_installation")
    number = quarantine.quarantine_again(work(), me(), body.addresses)
    return Done(words="In quarantine again.", count=number)


@api.get("/blocked-domains")
def list_blocked_domains() -> DomainsShown:
    """Domains at which nobody is mailed."""
    require(me(), "manage_installation")
    return DomainsShown(domains=[DomainShown.model_validate(one) for one in blocked_domains(work().session)])


@api.post("/blocked-domains", example={"domain": "rival.example"})
def block_domain_for_all(body: DomainTyped) -> Done:
    """Nobody there is mailed any more. `count` is for how many people campaigns ended."""
    require(me(), "manage_installation")
    return Done(words="Blocked.", count=block_domain(work(), me(), body.domain, body.reason))


@api.post("/blocked-domains/unblock", status=204, example={"domain": "rival.example"})
def unblock_domain_for_all(body: DomainTyped) -> None:
    """Mail to it may leave again."""
    unblock_domain(work(), me(), body.domain)


def _shown(address: Address) -> AddressShown:
    work().session.flush()
    return AddressShown.model_validate(address)
