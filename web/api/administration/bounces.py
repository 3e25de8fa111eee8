"""What servers' answers mean: the qualification table, what no rule fits, and a text to try."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from sales_campaigns.accounts.roles import require
from sales_campaigns.api_access.scopes import Scope
from sales_campaigns.messages.feedback import rules
from sales_campaigns.messages.feedback.models import UnknownBounce
from sales_campaigns.messages.feedback.qualifying import qualify
from sales_campaigns.messages.feedback.reasons import Reason
from sales_campaigns.messages.outcomes import FailureType
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, Shown
from web.parts.bounce_words import answer_of
from web.request_scope import me, work

api = Area("addresses", "", Scope.ADMIN)
EXAMPLE = {"text": "mailbox is full", "failure": "soft", "reason": "mailbox_full"}


class BounceRuleTyped(Asked):
    """It fits an answer that holds the text, has one of the codes, or both where both are given."""

    text: str = Field("", max_length=300)
    codes: str = Field("", max_length=120, description="Such as 550 5.1.1, with spaces between them.")
    failure: FailureType
    reason: Reason
    place: int | None = Field(None, ge=0, le=1_000_000, description="The lowest is asked first.")


class Tried(Asked):
    text: str = Field(max_length=1_000, description="As a server writes it, with its codes.")


class Kept(Asked):
    kept: bool = Field(True, description="False puts it back into the queue.")


class BounceRuleShown(Shown):
    number: int = Field(description="In the order in which they are asked, from 1.")
    text: str
    codes: str
    failure: FailureType
    reason: Reason


class UnknownShown(Shown):
    id: int
    text: str
    example: str
    code: int | None
    enhanced: str
    count: int
    first_at: AwareDatetime
    last_at: AwareDatetime
    kept_at: AwareDatetime | None


class BounceRulesShown(Shown):
    own: bool = Field(description="Whether they are your own, or those that come with the product.")
    rules: list[BounceRuleShown]


class UnknownsShown(Shown):
    texts: list[UnknownShown] = Field(description="The most frequent first.")


class QualifiedShown(Shown):
    failure: FailureType
    reason: Reason
    known: bool = Field(description="Whether a rule fits; without one it is soft and not defined.")


@api.get("/bounce-rules")
def list_bounce_rules() -> BounceRulesShown:
    """The table, in its order."""
    require(me(), "manage_installation")
    session = work().session
    found = enumerate(rules.rules_in_force(session), 1)
    names = ("text", "codes", "failure", "reason")
    return BounceRulesShown(
        own=bool(rules.rule_rows(session)),
        rules=[
            BounceRuleShown(number=number, **{name: getattr(one, name) for name in names})
            for number, one in found
        ],
    )


@api.post("/bounce-rules", example=EXAMPLE)
def create_bounce_rule(body: BounceRuleTyped) -> BounceRulesShown:
    """A new rule, for what comes from now on."""
    return _saved(body, None)


@api.put("/bounce-rules/<int:number>", example=EXAMPLE)
def change_bounce_rule(number: int, body: BounceRuleTyped) -> BounceRulesShown:
    """Replace the rule of this number."""
    return _saved(body, number)


@api.delete("/bounce-rules/<int:number>", status=200)
def delete_bounce_rule(number: int) -> BounceRulesShown:
    """Take the rule of this number out; those behind it move up."""
    rules.delete_rule(work(), me(), number)
    return _now()


@api.post("/bounce-rules/restore")
def restore_bounce_rules() -> BounceRulesShown:
    """Those that come with the product; own ones go."""
    rules.restore_shipped(work(), me())
    return _now()


@api.post("/bounce-rules/try", example={"text": "550 5.1.1 User unknown"})
def try_bounce_rules(body: Tried) -> QualifiedShown:
    """What an answer would mean. Nothing is changed."""
    require(me(), "manage_installation")
    found = qualify(rules.rules_in_force(work().session), answer_of(body.text))
    return QualifiedShown.model_validate(found)


@api.get("/unknown-bounces")
def list_unknown_bounces() -> UnknownsShown:
    """Answers that no rule fits."""
    require(me(), "manage_installation")
    found = rules.to_qualify(work().session)
    return UnknownsShown(texts=[UnknownShown.model_validate(one) for one in found])


@api.post("/unknown-bounces/<int:unknown_id>/keep", example={"kept": True})
def keep_unknown_bounce(unknown_id: int, body: Kept) -> UnknownShown:
    """It stays soft and not defined, and leaves the queue; or comes back into it."""
    found: UnknownBounce = rules.keep_unqualified(work(), me(), unknown_id, kept=body.kept)
    return UnknownShown.model_validate(found)


def _saved(body: BounceRuleTyped, number: int | None) -> BounceRulesShown:
    require(me(), "manage_installation")
    typed = {name: str(value) for name, value in body.model_dump(exclude_none=True).items()}
    rules.save_rule(work(), me(), typed, number)
    return _now()


def _now() -> BounceRulesShown:
    work().session.flush()
    return list_bounce_rules()
