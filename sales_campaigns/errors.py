"""The five kinds of error. Each is mapped once to a page, a notice and problem+json, in `web/errors.py`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum


class Refusal(Exception):
    """What the product says no with. The docstring of each kind is its default sentence."""

    def __init__(self, words: str | None = None) -> None:
        super().__init__(words or (self.__doc__ or "").split("\n")[0])

    @property
    def words(self) -> str:
        return str(self)


class NotFound(Refusal):
    """It is not there: it was deleted, it belongs to another team, or the address is wrong."""


class NotAllowed(Refusal):
    """This needs a right that an administrator can give you."""


class IllegalMove(Refusal):
    """That is no longer possible: somebody or something was faster."""


class Invalid(Refusal):
    """Some fields need another look.

    `problems` maps a field's name to the words shown beside it; the field "" stands for the whole form.
    """

    def __init__(self, problems: Mapping[str, str] | str) -> None:
        self.problems = {"": problems} if isinstance(problems, str) else dict(problems)
        super().__init__(
            "; ".join(f"{field}: {words}" if field else words for field, words in self.problems.items())
        )


class OutsideKind(StrEnum):
    """What a failure outside means for the item and its mailbox."""

    RECIPIENT = "recipient"  # permanent: this address will never take mail
    MESSAGE = "message"  # permanent: this mail will never be taken, the address is innocent
    POLICY = "policy"  # stops the mailbox or domain, an administrator must act
    RATE_LIMITED = "rate_limited"  # pauses the mailbox, no attempt is counted
    TRANSIENT = "transient"  # soft: tried again within validity
    UNKNOWN = "unknown"  # the outcome is not known: never sent again by itself
    AUTHORISATION = "authorisation"  # the mailbox needs to be connected again


class Outside(Refusal):
    """The service outside refused or did not answer."""

    def __init__(
        self,
        kind: OutsideKind,
        words: str | None = None,
        *,
        code: int | None = None,
        enhanced: str | None = None,
        retry_at: datetime | None = None,
    ) -> None:
        super().__init__(words)
        self.kind = kind
        self.code = code
        self.enhanced = enhanced
        self.retry_at = retry_at
