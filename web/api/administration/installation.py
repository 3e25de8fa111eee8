"""What holds for an installation: how long logs are kept, how fast domains get mail, set-up, what was set aside."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from sales_campaigns.accounts.instance import put_set_up_away
from sales_campaigns.accounts.roles import require
from sales_campaigns.activity import Activity
from sales_campaigns.api_access.scopes import Scope
from sales_campaigns.deliveries.retention.keeping import FIELDS, LEAST, MOST, change_retention, retention_of
from sales_campaigns.enrollments.explaining.first_run import first_run
from sales_campaigns.messages.models import DomainLimit
from sales_campaigns.messages.pace.limiting import domain_limits, lift_limit, limit_domain
from sales_campaigns.messages.retrying import LIMITS, change_retries, retries_of
from sales_campaigns.reactions import set_aside, try_again
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, Done, Line, Shown
from web.request_scope import me, work

api = Area("installation", "What holds for the whole installation, for its administrators.", Scope.ADMIN)

RETRIES = {
    "retry_first_day": 5,
    "retry_minutes": 60,
    "retry_hours": 24,
    "validity_hours": 120,
    "quarantine_errors": 5,
    "quarantine_lasting": True,
}


class RetentionTyped(Asked):
    """Days; null is for ever."""

    tracking_days: int | None = Field(None, ge=LEAST, le=MOST)
    exclusion_days: int | None = Field(None, ge=LEAST, le=MOST)
    sending_days: int | None = Field(None, ge=LEAST, le=MOST)


class RetentionShown(Shown):
    tracking_days: int | None
    exclusion_days: int | None
    sending_days: int | None


class RetriesTyped(Asked):
    """How often what was refused for now is tried again, and when an address is given up."""

    retry_first_day: int = Field(ge=0, le=LIMITS["retry_first_day"][1], description="Retries at first.")
    retry_minutes: int = Field(ge=5, le=LIMITS["retry_minutes"][1], description="Between those.")
    retry_hours: int = Field(ge=1, le=LIMITS["retry_hours"][1], description="Between those that follow.")
    validity_hours: int = Field(
        ge=1, le=LIMITS["validity_hours"][1], description="Of mails of campaigns and reps."
    )
    quarantine_errors: int = Field(
        ge=1, le=LIMITS["quarantine_errors"][1], description="At so many an address is given up."
    )
    quarantine_lasting: bool = Field(description="Also where one lasts through the whole validity.")


class RetriesShown(Shown):
    retry_first_day: int
    retry_minutes: int
    retry_hours: int
    validity_hours: int
    quarantine_errors: int
    quarantine_lasting: bool


class DomainLimitTyped(Asked):
    domain: Line = Field(description="Of recipients; * is every other one.")
    per_minute: int = Field(ge=1, le=1_000_000)


class DomainNamed(Asked):
    domain: Line


class DomainLimitShown(Shown):
    domain: str
    per_minute: int


class DomainLimitsShown(Shown):
    limits: list[DomainLimitShown]


class SetUpShown(Shown):
    """What of the first run is done."""

    named: bool
    zone: bool
    mailbox: bool
    test_waits: bool
    test_left: bool
    people: bool
    campaign: bool
    put_away: bool


class SetAsideShown(Shown):
    id: int
    at: AwareDatetime
    kind: str = Field(description="What had happened.")
    trouble: str = Field(description="Why nothing followed.")
    person_id: int | None
    enrollment_id: int | None
    message_id: int | None
    task_id: int | None


class SetAsidesShown(Shown):
    reactions: list[SetAsideShown] = Field(description="The newest first, at most 200.")


@api.get("/retention")
def get_retention() -> RetentionShown:
    """How long the logs of deliveries are kept."""
    require(me(), "manage_installation")
    row = retention_of(work().session)
    return RetentionShown(**{name: getattr(row, name) if row else None for name in FIELDS})


@api.put("/retention", example={"tracking_days": 365, "sending_days": 730})
def change_retention_of_logs(body: RetentionTyped) -> RetentionShown:
    """Replace it. Old rows are removed a few at a time."""
    change_retention(work(), me(), {name: str(getattr(body, name) or "") for name in FIELDS})
    work().session.flush()
    return get_retention()


@api.get("/retries")
def get_retries() -> RetriesShown:
    """How often what was refused for now is tried again, and when an address is given up."""
    require(me(), "manage_installation")
    return RetriesShown.model_validate(retries_of(work().session))


@api.put("/retries", example=RETRIES)
def change_retries_of_mail(body: RetriesTyped) -> RetriesShown:
    """Replace it, for what is refused from now on."""
    typed = {name: str(getattr(body, name)) for name in LIMITS}
    change_retries(work(), me(), {**typed, "quarantine_lasting": "1" if body.quarantine_lasting else ""})
    work().session.flush()
    return get_retries()


@api.get("/domain-limits")
def list_domain_limits() -> DomainLimitsShown:
    """How many mails a minute domains of recipients are given at most."""
    require(me(), "manage_installation")
    return DomainLimitsShown(limits=[_limit(one) for one in domain_limits(work().session)])


@api.post("/domain-limits", example={"domain": "example.com", "per_minute": 60})
def limit_domain_of_recipients(body: DomainLimitTyped) -> DomainLimitShown:
    """Set it, or change it."""
    return _limit(limit_domain(work(), me(), {"domain": body.domain, "per_minute": str(body.per_minute)}))


@api.post("/domain-limits/lift", status=204, example={"domain": "example.com"})
def lift_domain_limit(body: DomainNamed) -> None:
    """Mail to it leaves as it is due again."""
    lift_limit(work(), me(), body.domain)


@api.get("/set-up")
def get_set_up() -> SetUpShown:
    """What of the first run is done, as things stand."""
    require(me(), "manage_installation")
    return SetUpShown.model_validate(first_run(work().session, me()))


@api.post("/set-up/dismiss", status=204)
def dismiss_set_up() -> None:
    """Today shows it no longer."""
    put_set_up_away(work(), me())


@api.get("/set-aside")
def list_set_aside() -> SetAsidesShown:
    """What should have followed from something that happened, and failed three times."""
    require(me(), "manage_installation")
    found = set_aside(work().session)
    return SetAsidesShown(reactions=[_set_aside(one) for one in found])


@api.post("/set-aside/again")
def try_set_aside_again() -> Done:
    """After its cause was mended. `count` is how many are tried again."""
    return Done(words="Tried again within seconds.", count=try_again(work(), me()))


def _limit(row: DomainLimit) -> DomainLimitShown:
    work().session.flush()
    return DomainLimitShown.model_validate(row)


def _set_aside(row: Activity) -> SetAsideShown:
    return SetAsideShown.model_validate(row)
