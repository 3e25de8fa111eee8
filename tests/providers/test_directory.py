"""Providers are opened by name, lent to one borrower at a time and kept for the next."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from integrations.directory import IDLE_PER_ACCOUNT, Providers, connected, outside_as_set
from sales_campaigns.errors import Invalid
from sales_campaigns.ports import MailAccount
from sales_campaigns.settings import Settings
from tests.providers.mails import QUICK, a_mail, an_account, kinds
from tests.sink import Sink


@pytest.fixture
def providers() -> Iterator[Providers]:
    made = connected(QUICK)
    yield made
    made.close_all()


def send_one(providers: Providers, account: MailAccount, key: int = 1) -> list[str]:
    provider = providers.open(account)
    try:
        return kinds(provider.hand_over([a_mail(key)]))
    finally:
        provider.close()


def test_it_uses_the_same_connection_for_the_next_borrower(sink: Sink, providers: Providers) -> None:
    for key in range(5):
        assert send_one(providers, an_account(sink), key) == ["sent"]
    assert sink.connections == 1


def test_it_never_lends_one_provider_twice_at_once(sink: Sink, providers: Providers) -> None:
    borrowed = [providers.open(an_account(sink)) for _ in range(3)]
    for provider in borrowed:
        provider.check()
    assert sink.connections == 3
    for provider in borrowed:
        provider.close()


def test_it_takes_a_provider_back_once_however_often_it_is_closed(sink: Sink, providers: Providers) -> None:
    first = providers.open(an_account(sink))
    first.close()
    first.close()
    one, other = providers.open(an_account(sink)), providers.open(an_account(sink))
    one.check()
    other.check()
    assert sink.connections == 2
    with pytest.raises(RuntimeError):
        first.check()
    one.close()
    other.close()


def test_it_opens_afresh_when_the_settings_changed(sink: Sink, providers: Providers) -> None:
    send_one(providers, an_account(sink))
    send_one(providers, replace(an_account(sink), address="ben@ana.example"))
    assert sink.connections == 2
    assert "QUIT" in sink.heard


def test_it_keeps_the_accounts_apart(sink: Sink, providers: Providers) -> None:
    for _ in range(2):
        send_one(providers, an_account(sink))
        send_one(providers, replace(an_account(sink), id=2))
    assert sink.connections == 2


def test_it_closes_what_was_idle_for_too_long(sink: Sink) -> None:
    providers = Providers(connected(QUICK)._openers, idle_seconds=-1)
    send_one(providers, an_account(sink))
    send_one(providers, an_account(sink))
    assert sink.connections == 2
    providers.close_all()


def test_it_keeps_only_so_many_of_one_account(sink: Sink, providers: Providers) -> None:
    borrowed = [providers.open(an_account(sink)) for _ in range(IDLE_PER_ACCOUNT + 2)]
    for provider in borrowed:
        provider.check()
    for provider in borrowed:
        provider.close()
    assert sink.heard.count("QUIT") == 2


def test_it_closes_everything(sink: Sink, providers: Providers) -> None:
    lent = providers.open(an_account(sink))
    lent.check()
    send_one(providers, an_account(sink))
    providers.close_all()
    assert sink.heard.count("QUIT") == 1
    lent.close()
    assert sink.heard.count("QUIT") == 2


def test_it_names_the_providers_there_are(providers: Providers) -> None:
    with pytest.raises(Invalid, match="there are: smtp"):
        providers.open(MailAccount(1, "pigeon", "ana@ana.example"))


def test_it_serves_many_threads(sink: Sink, providers: Providers) -> None:
    outcomes: list[str] = []

    def work(start: int) -> None:
        for key in range(start, start + 10):
            outcomes.extend(send_one(providers, an_account(sink), key))

    threads = [threading.Thread(target=work, args=(number * 10,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == ["sent"] * 40
    assert sorted(mail.message_id for mail in sink.caught) == sorted(a_mail(n).message_id for n in range(40))
    assert sink.connections <= 4


def test_the_demo_connects_nothing_that_leads_away_from_this_machine(tmp_path: Path) -> None:
    """The rule: mail of the demo stays on this machine."""
    known = {"secret_key": "x" * 40, "data_dir": tmp_path, "google_client_id": "ours"}
    away = outside_as_set(Settings(**known, demo=True))
    assert away.consents == {} and away.delegations == {}
    assert set(outside_as_set(Settings(**known)).consents) == {"gmail"}
    here = outside_as_set(Settings(**known, demo=True, gmail_api_url="http://127.0.0.1:9"))
    assert set(here.consents) == {"gmail"}


def test_an_application_of_microsofts_stands_for_one_organisation_alone(tmp_path: Path) -> None:
    """The rule: Graph application permission limited to named mailboxes (spec/5); it wants a tenant of one's own."""
    known = {"secret_key": "x" * 40, "data_dir": tmp_path}
    assert set(outside_as_set(Settings(**known)).delegations) == {"gmail"}
    assert "outlook" in outside_as_set(Settings(**known, microsoft_tenant="north.example")).delegations
