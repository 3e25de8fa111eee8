"""The team's CRM: connect it by a key, say what is synced, who is who there, what it refused; bring people in."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from sales_campaigns.accounts.roles import require
from sales_campaigns.api_access.scopes import Scope
from sales_campaigns.crm.accounts import USUAL_NAMES
from sales_campaigns.crm.connecting import (
    Switches,
    begin_connection,
    connection_of,
    disconnect,
    let_in,
    map_fields,
    map_users,
    retry,
    switch,
    the_connection,
)
from sales_campaigns.crm.models import ConnectionState, CrmConnection, RecordKind
from sales_campaigns.crm.reading import Diagnosis, counts, diagnoses, user_lines
from sales_campaigns.errors import NotFound
from sales_campaigns.ports.crm import CrmAccount, CrmChoice
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, Done, Ids, Line, Shown
from web.parts.crm_links import answer_of, crms
from web.request_scope import give_up, house, me, work

api = Area("crm", "The CRM of a team, and what goes to and fro.", Scope.ADMIN)
PLAIN = "^[!-~]+$"  # keys and names that travel in headers
Names = Annotated[dict[str, Line], Field(max_length=40)]


class HubspotKey(Asked):
    vendor: Literal["hubspot"]
    token: str = Field(pattern=PLAIN, max_length=4_000)


class SalesforceKey(Asked):
    vendor: Literal["salesforce"]
    client_id: str = Field(pattern=PLAIN, max_length=300)
    username: str = Field(pattern=PLAIN, max_length=300)
    private_key: str = Field(min_length=1, max_length=20_000)


class KeyGiven(Asked):
    """A key that lets us in at once. Signing in on a page of the CRM needs a browser."""

    by: Annotated[HubspotKey | SalesforceKey, Field(discriminator="vendor")]


class SwitchesTyped(Asked):
    """Replaces all of them."""

    syncs_tasks: bool = False
    logs_mails: bool = False
    logs_replies: bool = False
    logs_calls: bool = False
    syncs_opt_outs: bool = True
    subject_pattern: Line = "{{activity_subject}}"


class FieldsTyped(Asked):
    names: Names = Field(description="Our field → its name there; empty is not written.")


class UsersTyped(Asked):
    """Who of your team is who there; whoever is not named is nobody."""

    users: Annotated[dict[Annotated[str, Field(pattern="^[1-9][0-9]{0,8}$")], Line], Field(max_length=1_000)]


class Records(Asked):
    records: Ids | None = Field(None, description="All that were refused where none are named.")


class CrmShown(Shown):
    id: int
    vendor: str
    state: ConnectionState
    instance_url: str
    trouble: str
    synced_at: AwareDatetime | None
    names: dict[str, str]
    syncs_tasks: bool
    logs_mails: bool
    logs_replies: bool
    logs_calls: bool
    syncs_opt_outs: bool
    subject_pattern: str
    records: dict[str, int] = Field(description="By state.")


class CrmUserShown(Shown):
    user_id: int
    user: str
    email: str
    crm_id: str = Field(description="Empty for nobody there.")
    name: str


class CrmUsersShown(Shown):
    users: list[CrmUserShown]


class Advice(Shown):
    advice: list[str] = Field(description="What should be mended there; empty when all is as it should be.")


class DiagnosisShown(Shown):
    record_id: int
    kind: RecordKind
    user: str
    person_id: int | None
    category: str
    remedy: str
    words: str = Field(description="Of the CRM.")
    retried: bool = Field(description="Whether it is tried again by itself.")


class DiagnosesShown(Shown):
    refused: list[DiagnosisShown]


@api.get("/crm")
def get_crm() -> CrmShown:
    """The connection of your team."""
    require(me(), "manage_team")
    return _shown(_connection())


@api.post("/crm/connect", outside=True, example={"by": {"vendor": "hubspot", "token": "pat-eu1-0123"}})
def connect_crm(body: KeyGiven) -> Advice:
    """Tried first: it is kept only when the CRM lets us in."""
    require(me(), "manage_team")
    secret = {name: value.strip() for name, value in body.by.model_dump(exclude={"vendor"}).items()}
    asked = CrmAccount(0, body.by.vendor, secret=secret, names=USUAL_NAMES[body.by.vendor])
    given: dict[str, str] = {}
    give_up()
    advice = crms().open(replace(asked, keep=given.update)).check()
    known = {**secret, **given}
    connection = begin_connection(work(), me(), house().seal, asked.vendor, known)
    let_in(work(), me(), connection, house().seal, known, known.get("instance_url", ""))
    return Advice(advice=list(advice))


@api.post("/crm/check", outside=True)
def check_crm() -> Advice:
    """One harmless round trip."""
    return Advice(advice=list(answer_of(the_connection(work(), me()), lambda crm: crm.check())))


@api.put("/crm/switches", example={"syncs_tasks": True, "logs_mails": True})
def change_crm_switches(body: SwitchesTyped) -> CrmShown:
    """Say what is synced from now on."""
    return _shown(switch(work(), me(), Switches(**body.model_dump())))


@api.put("/crm/fields", example={"names": {"kind": "Type"}})
def change_crm_fields(body: FieldsTyped) -> CrmShown:
    """The names of our fields there."""
    map_fields(work(), me(), body.names)
    return _shown(_connection())


@api.get("/crm/users")
def list_crm_users() -> CrmUsersShown:
    """Who is who there."""
    require(me(), "manage_team")
    lines = user_lines(work().session, _connection())
    return CrmUsersShown(
        users=[
            CrmUserShown(
                user_id=line.user.id,
                user=line.user.name,
                email=line.user.email,
                crm_id=line.known.crm_id if line.known else "",
                name=line.known.name if line.known else "",
            )
            for line in lines
        ]
    )


@api.put("/crm/users", outside=True, example={"users": {"1": "0055g00000AbCdE"}})
def change_crm_users(body: UsersTyped) -> CrmUsersShown:
    """The CRM is asked whether it knows these; whom it does not know is nobody."""
    there = {one.id: one for one in answer_of(the_connection(work(), me()), lambda crm: list(crm.users()))}
    lines = user_lines(work().session, the_connection(work(), me()))
    chosen: dict[int, CrmChoice | None] = {
        line.user.id: there.get(body.users.get(str(line.user.id), "")) for line in lines
    }
    map_users(work(), me(), chosen)
    work().session.flush()
    return list_crm_users()


@api.get("/crm/refused")
def list_crm_refusals() -> DiagnosesShown:
    """What the CRM refused, why, and what to do about it."""
    require(me(), "manage_team")
    return DiagnosesShown(refused=[_diagnosis(one) for one in diagnoses(work().session, _connection())])


@api.post("/crm/refused/retry", example={})
def retry_crm_refusals(body: Records) -> Done:
    """Write them again. `count` is how many."""
    return Done(words="Tried again within seconds.", count=retry(work(), me(), body.records))


@api.post("/crm/disconnect", status=204)
def disconnect_crm() -> None:
    """Nothing is read or written any more; what stands on either side stays."""
    disconnect(work(), me())


def _connection() -> CrmConnection:
    found = connection_of(work().session, me())
    if found is None:
        raise NotFound("No CRM is connected.")
    return found


def _shown(connection: CrmConnection) -> CrmShown:
    session = work().session
    session.flush()
    kept = {name: getattr(connection, name) for name in CrmShown.model_fields if name != "records"}
    records = {state.value: number for state, number in counts(session, connection).items()}
    return CrmShown(**kept, records=records)


def _diagnosis(one: Diagnosis) -> DiagnosisShown:
    return DiagnosisShown(
        record_id=one.record.id,
        kind=one.record.kind,
        words=one.record.words,
        person_id=one.person.id if one.person is not None else None,
        **{name: getattr(one, name) for name in ("user", "category", "remedy", "retried")},
    )
