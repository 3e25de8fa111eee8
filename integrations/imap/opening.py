"""From a mailbox's settings to a signed-in IMAP connection, and every failure on the way in clear words."""

from __future__ import annotations

import imaplib
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from imap_tools import BaseMailBox
from imap_tools.errors import ImapToolsError, MailboxLoginError, MailboxStarttlsError

from integrations.imap.clients import Client, Opened, TlsClient, Watch, hung_up_after, start_tls
from integrations.trust import trusting
from sales_campaigns.errors import Outside, OutsideKind
from sales_campaigns.ports import MailAccount

LONGEST_WORDS = 300
_GOODBYE_SECONDS = 1.0
UNREADABLE = (ValueError, LookupError, TypeError)  # what those who read answers raise at nonsense
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# RFC 5530: what a server says when the sign-in itself is not at fault.
_NOT_THE_PASSWORD = ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]", "[CONTACTADMIN]")


class _NoName(Exception):
    """No server can have this name."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for every mailbox that is read. `ca_bundle` is a file of certificates to trust; waits in seconds.

    `talk_seconds` bounds what one call may take in all, `open_seconds` the way to it: connecting, signing in, looking
    for folders; both however slowly their bytes drip. `reach_back_days`: how far back is read where no cursor says what
    was read already.
    """

    ca_bundle: str | None = None
    wait_seconds: float = 30
    open_seconds: float = 120
    talk_seconds: float = 600
    reach_back_days: int = 7


def open_mailbox(account: MailAccount, settings: Settings, watch: Watch) -> BaseMailBox:
    """Connect and sign in; no folder is selected. Raises Outside."""
    with outside_words(account):
        mailbox = _connected(account, settings, watch)
        try:
            _sign_in(mailbox, account)
            _ask_anew(mailbox)
        except BaseException:
            close_mailbox(mailbox)
            raise
        return mailbox


def close_mailbox(mailbox: BaseMailBox) -> None:
    """LOGOUT, as politeness: whatever comes of it, the connection is closed."""
    with (
        suppress(imaplib.IMAP4.error, ImapToolsError, OSError, *UNREADABLE),
        hung_up_after(_GOODBYE_SECONDS, mailbox.client),
    ):
        mailbox.client.logout()
    with suppress(OSError):
        mailbox.client.shutdown()


@contextmanager
def outside_words(account: MailAccount) -> Iterator[None]:
    """Whatever fails in the block is raised as Outside, its kind telling whether waiting or a person helps."""
    server = f"The mail server {account.host}:{account.port}"
    try:
        yield
    except MailboxLoginError as error:
        raise _not_signed_in(account, error) from error
    except ssl.SSLCertVerificationError as error:
        words = f"The certificate of {account.host} is not trusted ({error.verify_message})."
        raise Outside(OutsideKind.POLICY, f"{words} Correct it, or the CA bundle.") from error
    except (ssl.SSLError, MailboxStarttlsError) as error:
        words = f"{server} does not encrypt the way that is set here. Check the port and the security."
        raise Outside(OutsideKind.POLICY, words) from error
    except (socket.gaierror, _NoName) as error:
        words = f"There is no server named {account.host}. Check its name."
        raise Outside(OutsideKind.TRANSIENT, words) from error
    except OSError as error:
        raise Outside(OutsideKind.TRANSIENT, f"{server} cannot be reached: {_reason(error)}.") from error
    except (imaplib.IMAP4.error, ImapToolsError) as error:
        raise Outside(OutsideKind.TRANSIENT, f"{server} did not do what was asked: {_said(error)}") from error
    except UNREADABLE as error:
        words = f"{server} answers what no IMAP server says: {_said(error)}"
        raise Outside(OutsideKind.TRANSIENT, words) from error


def _connected(account: MailAccount, settings: Settings, watch: Watch) -> BaseMailBox:
    trust = trusting(settings.ca_bundle)
    try:
        account.host.encode("idna")
    except UnicodeError as error:
        raise _NoName from error
    where = (watch, account.host, account.port, settings.wait_seconds)
    client = TlsClient(*where, trust) if account.security == "tls" else Client(*where)
    if account.security == "starttls":
        start_tls(client, trust)
    return Opened(client)


def _sign_in(mailbox: BaseMailBox, account: MailAccount) -> None:
    """LOGIN carries ASCII only; PLAIN carries everything."""
    name, secret = account.username, account.secret
    try:
        if account.token:
            mailbox.xoauth2(name, secret, initial_folder=None)
        elif (name + secret).isascii():
            mailbox.login(name, secret, initial_folder=None)
        else:
            mailbox.login_utf8(name, secret, initial_folder=None)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        raise MailboxLoginError(("NO", [str(error).encode()]), "OK") from error


def _ask_anew(mailbox: BaseMailBox) -> None:
    """What a server can do it may say only to whom it knows (RFC 3501 section 6.1.1): IDLE, UIDPLUS."""
    answer, said = mailbox.client.capability()
    if answer == "OK" and isinstance(said[-1], bytes):
        mailbox.client.capabilities = tuple(said[-1].decode("ascii", "replace").upper().split())


def _not_signed_in(account: MailAccount, error: MailboxLoginError) -> Outside:
    said = _said(error)
    if any(code in said.upper() for code in _NOT_THE_PASSWORD):
        return Outside(OutsideKind.TRANSIENT, f"{account.host} takes no sign-in now: {said}")
    return Outside(OutsideKind.AUTHORISATION, f"The mail server refused the sign-in: {said}")


def _said(error: Exception) -> str:
    """The server's own words in one printable line."""
    result = getattr(error, "command_result", None)
    words = str(error)
    if isinstance(result, tuple) and len(result) > 1 and isinstance(result[1], list):
        words = " ".join(part.decode("utf-8", "replace") for part in result[1] if isinstance(part, bytes))
    return _UNPRINTABLE.sub(" ", words).strip()[:LONGEST_WORDS]


def _reason(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    return error.strerror or str(error) or "the connection broke"
