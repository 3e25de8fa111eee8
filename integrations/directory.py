"""Which provider speaks for an account, and the open ones, kept for the next time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from integrations import imap, mailgun, webhooks
from integrations.crms import crms_as_set
from integrations.dns import Names
from integrations.mailboxes import mailboxes_as_set
from integrations.smtp import Settings, SmtpProvider
from sales_campaigns.clock import machine_seconds
from sales_campaigns.errors import Invalid
from sales_campaigns.ports import (
    CaughtMails,
    Drafts,
    HandOver,
    MailAccount,
    MailProvider,
    MailReader,
    OutgoingMail,
    OutsideWorld,
)
from sales_campaigns.settings import Settings as Product

IDLE_SECONDS = 300.0  # RFC 5321 section 4.5.3.2.7: servers end a silent connection after five minutes
IDLE_PER_ACCOUNT = 8

Opener = Callable[[MailAccount], MailProvider]


@dataclass(frozen=True, slots=True)
class _Idle:
    provider: MailProvider
    account: MailAccount
    since: float


class Providers:
    """The port's MailProviders: opens by the account's provider name, reuses what was given back.

    Safe for many threads: a provider is lent to one borrower at a time, several of one account to several.
    """

    def __init__(self, openers: Mapping[str, Opener], idle_seconds: float = IDLE_SECONDS) -> None:
        self._openers = dict(openers)
        self._idle_seconds = idle_seconds
        self._idle: list[_Idle] = []
        self._lock = threading.Lock()
        self._closed = False

    def open(self, account: MailAccount) -> MailProvider:
        """A provider that nobody else has; its `close` gives it back. Raises Invalid for an unknown name."""
        if account.provider not in self._openers:
            known = ", ".join(sorted(self._openers))
            raise Invalid({"provider": f"“{account.provider}” is not connected here; there are: {known}."})
        with self._lock:
            self._closed = False
            stale = self._take_stale(account)
            idle = self._take(account)
        _close(stale)
        return Lent(idle or self._openers[account.provider](account), account, self._give_back)

    def close_all(self) -> None:
        """Close every idle provider; one that is still lent is closed when it comes back."""
        with self._lock:
            idle, self._idle, self._closed = self._idle, [], True
        _close(idle)

    def _take_stale(self, account: MailAccount) -> list[_Idle]:
        """Those idle for too long, and those of this account under settings that changed since."""
        oldest = machine_seconds() - self._idle_seconds
        stale = [
            idle
            for idle in self._idle
            if idle.since < oldest or (idle.account.id == account.id and idle.account != account)
        ]
        self._idle = [idle for idle in self._idle if idle not in stale]
        return stale

    def _take(self, account: MailAccount) -> MailProvider | None:
        for number in reversed(range(len(self._idle))):
            if self._idle[number].account == account:
                return self._idle.pop(number).provider
        return None

    def _give_back(self, account: MailAccount, provider: MailProvider) -> None:
        with self._lock:
            mine = sum(idle.account == account for idle in self._idle)
            wanted = not self._closed and mine < IDLE_PER_ACCOUNT
            if wanted:
                self._idle.append(_Idle(provider, account, machine_seconds()))
        if not wanted:
            provider.close()


class Lent:
    """A provider on loan. Closed twice, it goes back once; after that it is not to be used."""

    def __init__(
        self, provider: MailProvider, account: MailAccount, back: Callable[[MailAccount, MailProvider], None]
    ) -> None:
        self._provider: MailProvider | None = provider
        self._account = account
        self._back = back
        self.capabilities = provider.capabilities

    def hand_over(self, mails: Sequence[OutgoingMail]) -> Iterator[HandOver]:
        return self._mine().hand_over(mails)

    def check(self) -> int | None:
        return self._mine().check()

    def close(self) -> None:
        provider, self._provider = self._provider, None
        if provider is not None:
            self._back(self._account, provider)

    def _mine(self) -> MailProvider:
        if self._provider is None:
            raise RuntimeError("this provider was given back")
        return self._provider


def _close(idle: Sequence[_Idle]) -> None:
    for one in idle:
        one.provider.close()


def connected(smtp: Settings | None = None, others: Mapping[str, Opener] | None = None) -> Providers:
    """Every provider this installation can open: SMTP with its settings, and whatever else is handed in."""
    return Providers({"smtp": lambda account: SmtpProvider(account, smtp), **(others or {})})


class Readers:
    """The port's MailReaders: by the account's provider, and by IMAP for all others."""

    def __init__(
        self, by_imap: imap.Readers, others: Mapping[str, Callable[[MailAccount], MailReader]]
    ) -> None:
        self._by_imap = by_imap
        self._others = dict(others)

    def open(self, account: MailAccount) -> MailReader:
        opener = self._others.get(account.provider)
        return opener(account) if opener else self._by_imap.open(account)

    def stirred(self) -> Sequence[int]:
        return self._by_imap.stirred()


class Folders:
    """The port's DraftFolders: each vendor says itself whether what was granted is enough."""

    def __init__(self, openers: Mapping[str, Callable[[MailAccount], Drafts | None]]) -> None:
        self._openers = dict(openers)

    def open(self, account: MailAccount) -> Drafts | None:
        opener = self._openers.get(account.provider)
        return opener(account) if opener else None


def outside_as_set(settings: Product, caught: CaughtMails | None = None) -> OutsideWorld:
    """Everything that sends and reads mail, as the settings of the product say."""
    trusted = settings.ca_bundle or None
    smtp = Settings(ca_bundle=trusted, success_notices=settings.success_notices)
    by_imap = imap.Readers(imap.Settings(ca_bundle=trusted))
    boxes = mailboxes_as_set(settings)
    return OutsideWorld(
        mail=connected(smtp, boxes.providers),
        caught=caught,
        names=Names(settings.dns_server),
        readers=Readers(by_imap, boxes.readers),
        knocks=boxes.knocks,
        drafts=Folders(boxes.drafts),
        consents=boxes.consents,
        delegations=boxes.delegations,
        crms=crms_as_set(settings),
        hooks=webhooks.Caller(private=settings.webhooks_private, ca_bundle=trusted),
        relays={"mailgun": mailgun.Events(key)} if (key := settings.mailgun_signing_key) else {},
    )
