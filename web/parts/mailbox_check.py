"""Asking a mail server whether it takes our mail, with no transaction open meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from typing import NamedTuple

from sales_campaigns.errors import Invalid, Outside, OutsideKind
from sales_campaigns.ports import MailAccount, MailProvider, MailReader
from web.request_scope import give_up, outside

WHAT_TO_DO = {
    OutsideKind.AUTHORISATION: "Check the user name and the password; some providers want an app password.",
    OutsideKind.TRANSIENT: "Check the server's name and port, or try again in a minute.",
    OutsideKind.RATE_LIMITED: "The server asks to wait. Try again later.",
    OutsideKind.POLICY: "The server does not take mail from here. Ask whoever runs it, or an administrator.",
}
# Whoever is let in by consent has no password to check, and the words of the provider say what to do.
BY_TOKEN = {OutsideKind.TRANSIENT: "Try again in a minute.", OutsideKind.RATE_LIMITED: "Try again later."}


class Answered(NamedTuple):
    """The server's no in words, with what to do; "" when it took our sign-in. `largest_mail`: bytes, if it says so."""

    words: str = ""
    largest_mail: int | None = None


def answer_of(account: MailAccount) -> Answered:
    """The request's unit of work ends here: nobody waits for a database lock while a server does not answer."""
    give_up()
    return _answer(lambda: outside().mail.open(account), BY_TOKEN if account.token else WHAT_TO_DO)


def reading_answer_of(account: MailAccount) -> str:
    """The same of the server that the mailbox is read from."""
    give_up()
    readers = outside().readers
    if readers is None:
        return "Mailboxes are not read here."
    return _answer(lambda: readers.open(account), WHAT_TO_DO).words


def _answer(
    opened: Callable[[], MailProvider | MailReader], what_to_do: Mapping[OutsideKind, str]
) -> Answered:
    try:
        with closing(opened()) as server:
            return Answered("", server.check())
    except Outside as error:
        return Answered(" ".join(filter(None, [error.words, what_to_do.get(error.kind, "")])))
    except Invalid as refusal:
        return Answered(refusal.words)
