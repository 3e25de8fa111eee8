"""From a mailbox's settings to a connection that takes mail: greeting, EHLO, STARTTLS, sign-in."""

from __future__ import annotations

import base64
import ssl
from dataclasses import dataclass

from integrations.smtp.connection import Connection, connect
from integrations.smtp.envelopes import Offers, offers_of
from integrations.smtp.replies import Lost, Position, Reply, refusal, taken
from integrations.trust import trusting
from sales_campaigns.errors import Outside, OutsideKind
from sales_campaigns.ports import MailAccount

_GOODBYE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for every mailbox reached by SMTP. Waits are in seconds, as RFC 5321 section 4.5.3.2 asks.

    `ca_bundle` is a file of certificates to trust instead of the system's. `hello_name` is the name given
    in EHLO, by default the address of our end. `connections` of one mailbox are used side by side; with more
    than one, mails overtake each other, and a caller that stops half way does not learn what became of
    those under way. `mails_per_connection` is a cap, None for none.
    `success_notices` asks for a notice of each delivery where the server offers DSN (RFC 3461).
    """

    ca_bundle: str | None = None
    hello_name: str | None = None
    connections: int = 1
    mails_per_connection: int | None = None
    success_notices: bool = False
    connect_seconds: float = 30
    reply_seconds: float = 60
    final_reply_seconds: float = 600
    idle_seconds: float = 30


def open_connection(account: MailAccount, settings: Settings) -> tuple[Connection, Offers]:
    """Connect and sign in. Raises Outside, its kind telling whether waiting, settings or a person helps."""
    try:
        connection = connect(account.host, account.port, settings.connect_seconds, settings.reply_seconds)
    except Lost as lost:
        raise unreachable(account, lost) from lost
    try:
        return connection, _introduce(connection, account, settings)
    except Lost as lost:
        connection.close()
        raise unreachable(account, lost) from lost
    except ssl.SSLCertVerificationError as error:
        connection.close()
        raise _untrusted(account, error) from error
    except BaseException:
        connection.close()
        raise


def say_goodbye(connection: Connection) -> None:
    """QUIT, as politeness: whatever comes of it, the connection is closed."""
    try:
        connection.write(b"QUIT\r\n")
        connection.read(_GOODBYE_SECONDS)
    except Lost:
        pass
    finally:
        connection.close()


def ask(connection: Connection, line: bytes, position: Position, seconds: float) -> Reply:
    """One command outside of a mail transaction. Raises the refusal, or Lost."""
    connection.write(line)
    return _agreed(connection.read(seconds), position)


def unreachable(account: MailAccount, lost: Lost) -> Outside:
    words = f"The mail server {account.host}:{account.port} cannot be reached: {lost}."
    return Outside(OutsideKind.TRANSIENT, words)


def _untrusted(account: MailAccount, error: ssl.SSLCertVerificationError) -> Outside:
    words = f"The certificate of {account.host} is not trusted ({error.verify_message})."
    words += " Correct it, or the CA bundle."
    return Outside(OutsideKind.POLICY, words)


def _introduce(connection: Connection, account: MailAccount, settings: Settings) -> Offers:
    if account.security == "tls":
        connection.encrypt(trusting(settings.ca_bundle), account.host)
    _agreed(connection.read(settings.reply_seconds), Position.GREETING)
    offers = _hello(connection, settings)
    if account.security == "starttls":
        offers = _start_tls(connection, account, settings, offers)
    if account.username:
        _sign_in(connection, account, settings, offers)
    return offers


def _agreed(reply: Reply, position: Position) -> Reply:
    if not taken(reply, position):
        raise refusal(reply, position)
    return reply


def _hello(connection: Connection, settings: Settings) -> Offers:
    name = (settings.hello_name or connection.local_address).encode()
    connection.write(b"EHLO %s\r\n" % name)
    reply = connection.read(settings.reply_seconds)
    if reply.code in (500, 501, 502, 504):  # RFC 5321 section 3.2: an old server, spoken to in the old way
        ask(connection, b"HELO %s\r\n" % name, Position.HELLO, settings.reply_seconds)
        return Offers()
    return offers_of(_agreed(reply, Position.HELLO).text)


def _start_tls(connection: Connection, account: MailAccount, settings: Settings, offers: Offers) -> Offers:
    if not offers.starttls:
        words = f"{account.host} does not offer STARTTLS, so nothing was sent. Check the port and security."
        raise Outside(OutsideKind.POLICY, words)
    ask(connection, b"STARTTLS\r\n", Position.STARTTLS, settings.reply_seconds)
    connection.encrypt(trusting(settings.ca_bundle), account.host)
    return _hello(connection, settings)


def _sign_in(connection: Connection, account: MailAccount, settings: Settings, offers: Offers) -> None:
    username, secret = account.username.encode(), account.secret.encode()
    if account.token:
        _bearer(connection, (username, secret), settings.reply_seconds)
    elif "PLAIN" in offers.sign_ins:
        token = base64.b64encode(b"\0%s\0%s" % (username, secret))
        ask(connection, b"AUTH PLAIN %s\r\n" % token, Position.AUTH, settings.reply_seconds)
    elif "LOGIN" in offers.sign_ins:
        _login(connection, (username, secret), settings.reply_seconds)
    else:
        words = (
            f"{account.host} offers no sign-in with a password here. Check the mailbox's port and security."
        )
        raise Outside(OutsideKind.AUTHORISATION, words)


def _login(connection: Connection, answers: tuple[bytes, bytes], seconds: float) -> None:
    """AUTH LOGIN: the server asks (334) for the name, then for the password."""
    connection.write(b"AUTH LOGIN\r\n")
    for answer in answers:
        question = connection.read(seconds)
        if question.code >= 400:
            raise refusal(question, Position.AUTH)
        connection.write(base64.b64encode(answer) + b"\r\n")
    _agreed(connection.read(seconds), Position.AUTH)


def _bearer(connection: Connection, answers: tuple[bytes, bytes], seconds: float) -> None:
    """AUTH XOAUTH2: why a token is refused comes as a question (334), which an empty line lets the server end."""
    token = base64.b64encode(b"user=%s\1auth=Bearer %s\1\1" % answers)
    connection.write(b"AUTH XOAUTH2 %s\r\n" % token)
    reply = connection.read(seconds)
    if reply.code == 334:
        connection.write(b"\r\n")
        reply = connection.read(seconds)
    _agreed(reply, Position.AUTH)
