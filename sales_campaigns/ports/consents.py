"""What the domain asks of those who let a mailbox be used without its password: OAuth 2.0, or a key for everybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Tokens:
    """`access` is shown with each call. `refresh` is whatever brings the next one, opaque to us; "" where nothing does.

    Neither is ever logged.
    """

    access: str
    refresh: str = ""

    def __repr__(self) -> str:
        return "Tokens(…)"


@dataclass(frozen=True, slots=True)
class Granted:
    """What was granted: for which address ("" where a refresh does not say), until when in machine time."""

    tokens: Tokens
    scopes: tuple[str, ...]
    address: str
    expires_at: datetime


class Consent(Protocol):
    """A provider whose users let us in. Authorisation code with PKCE (RFC 7636, S256); all of it raises Outside.

    `label` is its name for people ("Gmail"). `differs`: what mails by it do otherwise than by a server, as sentences.
    `issuer` is what the answer's `iss` must be where it has one (RFC 9207).
    """

    label: str
    differs: tuple[str, ...]
    issuer: str

    def address_of_consent(self, state: str, challenge: str, redirect: str, hint: str) -> str:
        """Where the rep is sent. `challenge` is the S256 of the verifier, `hint` the address that is expected."""
        ...

    def redeem(self, code: str, verifier: str, redirect: str) -> Granted:
        """Tokens for the code. The address is the one the provider itself vouches for, lower case."""
        ...

    def refresh(self, refresh_token: str) -> Granted:
        """The next access token. Its `tokens.refresh` replaces the former one where it is not "".

        Raises Outside: AUTHORISATION when the rep has to consent again, TRANSIENT when it may be tried again.
        """
        ...

    def revoke(self, refresh_token: str) -> bool:
        """Give the permission back. False where the provider has no call for that. One that is over is no error."""
        ...

    def reads(self, scopes: tuple[str, ...]) -> bool:
        """Whether the mailbox may be read with these scopes: replies, returned mail, copies of sent ones."""
        ...

    def lacking(self, scopes: tuple[str, ...]) -> tuple[str, ...]:
        """What cannot be done with these scopes alone, as sentences; () with all of them. Raises Outside (policy)
        when they do not even suffice to send.
        """
        ...


class Delegation(Protocol):
    """A provider that lets an administrator open mailboxes for all, with a key of the organisation.

    `asks_for` is a sentence: what the administrator lays down.
    """

    label: str
    asks_for: str

    def whose(self, key: str) -> str:
        """Whom the key stands for, so that people recognise it. Raises Outside (policy) for what is no key."""
        ...

    def grant(self, key: str, address: str) -> Granted:
        """A token for this mailbox. `key` is what the administrator has laid down (a service account's key)."""
        ...
