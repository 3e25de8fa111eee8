"""Every setting is an environment variable, also as NAME_FILE; malformed ones stop the start with one clear list."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from sales_campaigns.domain_keys import key_from
from sales_campaigns.errors import Invalid

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
# Its local part holds a token of 24 characters and 64 in all (RFC 5321 section 4.5.3.1.1).
_BOUNCES = re.compile(r"(?=[^@]{1,41}@)[A-Za-z0-9._+=-]*\*[A-Za-z0-9._+=-]*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


class Settings(BaseModel):
    """One frozen value, read once by `wsgi.py`. The description of each field is its line in docs/settings.md."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    data_dir: Path = Field(
        Path("var"), description="Folder for the SQLite database, uploads and caught mail."
    )
    database_url: str = Field(
        "", description="postgresql://… for many machines; empty is SQLite in DATA_DIR."
    )
    direct_database_url: str = Field(
        "", description="The same database past any connection pooler; empty where DATABASE_URL is direct."
    )
    engine: Literal["local", "procrastinate"] = Field(
        "local",
        description="Who works: threads of the scheduler, or flask worker run on any number of machines.",
    )
    bulk_lanes: int = Field(
        4, ge=1, le=64, description="How many workers may send from one bulk mailbox at the same time."
    )
    log_format: Literal["words", "json"] = Field("words", description="What the log is written in.")
    metrics_token: str = Field("", description="What a monitor shows to read /metrics; empty closes it.")
    secret_key: Annotated[str, Field(min_length=32)] = Field(
        ...,
        description="Signs cookies and seals passwords; 32 characters or more. On SQLite one is made in DATA_DIR.",
    )
    secret_key_old: str = Field("", description="The former SECRET_KEY while it is being replaced.")
    public_url: str = Field(
        "", description="The outside address of the service; empty leaves links out of mails."
    )
    tracking_url: str = Field(
        "", description="A domain of your own for tracked links and pixels; empty is PUBLIC_URL."
    )
    host: str = Field("127.0.0.1", description="Address the web server listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port the web server listens on.")
    web_threads: int = Field(
        100, ge=8, le=1000, description="Threads of the web server; half may hold a live feed."
    )
    tick_seconds: float = Field(1.0, gt=0, le=60, description="How often the scheduler looks for due work.")
    demo: bool = Field(False, description="Load the demo company and catch all mail on this machine.")
    demo_speed: float = Field(1.0, ge=1, le=100_000, description="Demo time runs this many times as fast.")
    catcher_port: int = Field(
        0, ge=0, le=65535, description="Port of the demo's mail catcher; 0 picks a free one."
    )
    ca_bundle: str = Field("", description="File of certificate authorities for outgoing connections.")
    dns_server: str = Field(
        "", description="Name server that flask doctor asks, address or address:port; empty is the system's."
    )
    dkim_selectors: str = Field(
        "", description="By which names whoever signs your mail publishes keys (DKIM); several with commas."
    )
    dkim_domain: str = Field(
        "",
        description="Mail of this domain, and of those below it, is signed here (DKIM); empty leaves it out.",
    )
    dkim_selector: str = Field("", description="By which name the public half of DKIM_KEY is published.")
    dkim_key: str = Field(
        "", validate_default=True, description="Private key in PEM, RSA or Ed25519; best as DKIM_KEY_FILE."
    )
    bounce_address: str = Field(
        "",
        description="Where reports about mail of bulk lanes come back to, with * for the mail's own token: "
        "bounces+*@example.com. Used once flask doctor --probe has seen one come back.",
    )
    salesforce_login_url: str = Field(
        "https://login.salesforce.com",
        description="Where Salesforce signs in; a sandbox or My Domain has its own.",
    )
    salesforce_api_version: str = Field(
        "62.0", pattern=r"^\d{2,3}\.0$", description="The version of Salesforce's REST API that is spoken."
    )
    hubspot_api_url: str = Field("https://api.hubapi.com", description="Where HubSpot's API answers.")
    google_client_id: str = Field("", description="Of your own Cloud project; empty leaves Gmail out.")
    google_client_secret: str = Field("", description="The secret of that client.")
    google_accounts_url: str = Field(
        "https://accounts.google.com",
        description="Where reps are asked to let us in, and who vouches for them.",
    )
    google_token_url: str = Field(
        "https://oauth2.googleapis.com/token", description="Where Google gives tokens."
    )
    google_revoke_url: str = Field(
        "https://oauth2.googleapis.com/revoke", description="Where Google takes permissions back."
    )
    gmail_api_url: str = Field("https://gmail.googleapis.com", description="The Gmail API.")
    gmail_web_url: str = Field("https://mail.google.com", description="Gmail as people open it.")
    microsoft_client_id: str = Field(
        "", description="Of your own app registration; empty leaves Outlook out."
    )
    microsoft_client_secret: str = Field("", description="The secret of that registration.")
    microsoft_tenant: str = Field(
        "organizations", description="Whose accounts may be connected: your tenant's id."
    )
    microsoft_authority_url: str = Field(
        "https://login.microsoftonline.com",
        description="Where reps are asked to let us in, without the tenant.",
    )
    microsoft_graph_url: str = Field("https://graph.microsoft.com", description="Microsoft Graph.")
    api_requests_per_minute: int = Field(
        600, ge=1, description="Requests a minute with one API token, for all web processes together."
    )
    webhooks_private: bool = Field(
        False, description="Webhooks may lead to private addresses, such as a program on the same machine."
    )
    relay_events_secret: str = Field(
        "", description="Signs what relays report to /api/events/generic; empty closes it."
    )
    mailgun_signing_key: str = Field(
        "", description="Webhook signing key of Mailgun, for /api/events/mailgun; empty closes it."
    )
    session_hours: int = Field(24 * 14, ge=1, description="A sign-in ends after this many hours without use.")
    answer_opted_out: bool = Field(
        True, description="A rep may answer somebody by hand who unsubscribed but wrote last; it is logged."
    )
    undo_seconds: int = Field(10, ge=0, le=60, description="What a completed task releases waits this long.")
    success_notices: bool = Field(
        False, description="Ask mail servers for a notice of each delivery (RFC 3461), where they offer it."
    )
    launch_limit: int = Field(
        200, ge=1, description="People a rep may launch at once without start deliveries."
    )
    lease_seconds: int = Field(900, ge=10, description="A claim older than this belongs to a dead process.")

    @field_validator(
        "public_url",
        "tracking_url",
        "salesforce_login_url",
        "hubspot_api_url",
        "google_accounts_url",
        "google_token_url",
        "google_revoke_url",
        "gmail_api_url",
        "gmail_web_url",
        "microsoft_authority_url",
        "microsoft_graph_url",
    )
    @classmethod
    def _a_web_address(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in {"http", "https"}:
            raise ValueError("must begin with http:// or https://")
        return value.rstrip("/")

    @field_validator("database_url", "direct_database_url")
    @classmethod
    def _a_known_database(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in {"postgresql", "postgresql+psycopg", "sqlite"}:
            raise ValueError("must begin with postgresql:// or sqlite:///")
        return value

    @field_validator("engine")
    @classmethod
    def _a_queue_has_a_database(cls, value: str, known: ValidationInfo) -> str:
        if value == "procrastinate" and not known.data.get("database_url", "").startswith("postgresql"):
            raise ValueError("procrastinate needs DATABASE_URL to be a PostgreSQL database")
        return value

    @field_validator("dkim_domain", "dkim_selector")
    @classmethod
    def _a_name(cls, value: str) -> str:
        if value and not _NAME.fullmatch(value):
            raise ValueError("must be a name of letters, digits, dots and hyphens")
        return value.lower()

    @field_validator("dkim_key")
    @classmethod
    def _a_key_that_signs(cls, value: str, known: ValidationInfo) -> str:
        if value:
            key_from(value)
        named = [bool(known.data.get(name)) for name in ("dkim_domain", "dkim_selector")]
        if any(named) != all(named) or any(named) != bool(value):
            raise ValueError("goes with DKIM_DOMAIN and DKIM_SELECTOR: set all three, or none")
        return value

    @field_validator("bounce_address")
    @classmethod
    def _an_address_with_a_place_for_a_token(cls, value: str) -> str:
        if value and not _BOUNCES.fullmatch(value):
            raise ValueError("must be an address with one * before the @, such as bounces+*@example.com")
        return value.lower()

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{(self.data_dir / 'sales.sqlite3').absolute()}"

    @property
    def direct_address(self) -> str:
        """For connections that last: who leads, who listens, the queue of work. In the words of libpq."""
        url = self.direct_database_url or self.database
        return url.replace("postgresql+psycopg://", "postgresql://", 1)

    @property
    def selectors(self) -> tuple[str, ...]:
        return tuple(one for one in self.dkim_selectors.replace(",", " ").split() if one)

    @property
    def on_sqlite(self) -> bool:
        return self.database.startswith("sqlite")

    @property
    def reachable(self) -> bool:
        """Whether links, pixels and headers that need PUBLIC_URL may stand in a mail that leaves."""
        return bool(self.public_url) and urlsplit(self.public_url).hostname not in LOOPBACK

    @property
    def outward_url(self) -> str:
        """What pixels, tracked links and the unsubscribe page of a mail begin with; "" where none may stand in it.

        The demo's own address: only its catcher sees it (see `messages.marking.Outward`).
        """
        if self.reachable:
            return self.tracking_url or self.public_url
        return (self.public_url or f"http://127.0.0.1:{self.port}") if self.demo else ""

    @property
    def bulk_allowed(self) -> bool:
        """Whether bulk deliveries may be confirmed: the demo's mail never leaves this machine."""
        return self.reachable or self.demo


def settings_or_exit(environment: Mapping[str, str]) -> Settings:
    """The settings; where some are not right, one clear list and the end of the process."""
    try:
        return read_settings(with_secret(environment))
    except Invalid as error:
        lines = [f"  {name}: {words}" for name, words in error.problems.items()]
        raise SystemExit("These settings are not right:\n" + "\n".join(lines)) from None


def with_secret(environment: Mapping[str, str]) -> Mapping[str, str]:
    """The environment, with a secret of this installation's own where none is set and one machine is all there is.

    It is random, made once, and kept in DATA_DIR/secret_key (0600). Several machines must share one, so with
    DATABASE_URL there is none: the start is refused until SECRET_KEY is set.
    """
    if {"SECRET_KEY", "SECRET_KEY_FILE", "DATABASE_URL"} & environment.keys():
        return environment
    path = Path(environment.get("DATA_DIR", Settings.model_fields["data_dir"].default)) / "secret_key"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return {**environment, "SECRET_KEY_FILE": str(path)}
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(48))
    return {**environment, "SECRET_KEY_FILE": str(path)}


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Settings from the environment; raises Invalid with one entry a malformed variable."""
    given: dict[str, str] = {}
    problems: dict[str, str] = {}
    for field in Settings.model_fields:
        name = field.upper()
        path = environment.get(f"{name}_FILE")
        if path:
            try:
                given[field] = Path(path).read_text().strip()
            except OSError as error:
                problems[f"{name}_FILE"] = f"cannot be read: {error.strerror}"
        elif name in environment:
            given[field] = environment[name]
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        for one in error.errors(include_input=False, include_url=False):
            missing = one["type"] == "missing"
            words = "is not set" if missing else one["msg"].removeprefix("Value error, ")
            problems[str(one["loc"][0]).upper()] = words
        raise Invalid(problems) from None
    if problems:
        raise Invalid(problems)
    return settings
