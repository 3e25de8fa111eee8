"""Sign in with a password or a one-time link, stay signed in by a server-side session, throttled."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import SignedIn, SignInFailure, SignInLink, User
from sales_campaigns.accounts.secrets import hashed, new_token
from sales_campaigns.clock import machine_now
from sales_campaigns.errors import Invalid, NotFound

HASHER = PasswordHasher()
# Verified when there is no such user, so that the answer takes as long as for a real one. Salt and digest are zeros:
# to work out real ones would be paid by every start of a process.
NOBODY = (
    f"$argon2id$v=19$m={HASHER.memory_cost},t={HASHER.time_cost},p={HASHER.parallelism}${'A' * 22}${'A' * 43}"
)
FAILURES = 8
FAILURE_WINDOW = timedelta(minutes=15)
NOTED_EVERY = timedelta(hours=1)
WRONG = "E-mail address or password is not right."
SLOW_DOWN = "Too many attempts. Wait fifteen minutes, or ask an administrator for a sign-in link."

# Every request asks it: built once, since putting it together takes longer than running it.
_SHOWN = (
    sa.select(User, SignedIn.seen_at)
    .join(SignedIn, SignedIn.user_id == User.id)
    .where(
        SignedIn.token_hash == sa.bindparam("shown"),
        SignedIn.seen_at > sa.bindparam("since", type_=SignedIn.seen_at.type),
        User.active,
    )
)


def hash_password(password: str) -> str:
    """Argon2id; raises Invalid when the password is too short to be of use."""
    if len(password) < 10:
        raise Invalid({"password": "Use ten characters or more."})
    return HASHER.hash(password)


def check_password(session: Session, email: str, password: str, place: str) -> User:
    """The user whose password it is. Raises Invalid; eight failures in fifteen minutes are enough.

    The failure row is added to `session`; the caller commits it even though this raises.
    """
    keys = (f"address:{email.strip().lower()}", f"place:{place}")
    if _failures(session, keys) >= FAILURES:
        raise Invalid(SLOW_DOWN)
    user = session.scalar(sa.select(User).where(User.email == email.strip().lower(), User.active))
    if not _matches(user.password_hash if user else NOBODY, password) or user is None:
        session.add_all(SignInFailure(key=key, at=machine_now()) for key in keys)
        raise Invalid(WRONG)
    if HASHER.check_needs_rehash(user.password_hash):
        user.password_hash = HASHER.hash(password)
    return user


def is_password(user: User, password: str) -> bool:
    return _matches(user.password_hash, password)


def start_session(session: Session, user: User, agent: str = "") -> str:
    """A new session; the token for the cookie."""
    token, now = new_token(), machine_now()
    session.add(
        SignedIn(token_hash=hashed(token), user_id=user.id, created_at=now, seen_at=now, agent=agent[:200])
    )
    return token


def session_shown(session: Session, token: str, idle: timedelta) -> tuple[User, datetime] | None:
    """Who holds this token and when its use was noted, unless it was idle for too long or the user was deactivated."""
    asked = {"shown": hashed(token), "since": machine_now() - idle}
    row = session.execute(_SHOWN, asked).one_or_none()
    return row and (row.User, row.seen_at)


def touch_session(session: Session, token: str) -> None:
    """Note that the session is in use, at most once an hour: reading a page should not write."""
    now = machine_now()
    session.execute(
        sa.update(SignedIn)
        .where(SignedIn.token_hash == hashed(token), SignedIn.seen_at < now - NOTED_EVERY)
        .values(seen_at=now)
    )


def end_session(session: Session, token: str) -> None:
    session.execute(sa.delete(SignedIn).where(SignedIn.token_hash == hashed(token)))


def end_every_session(session: Session, user: User) -> None:
    session.execute(sa.delete(SignedIn).where(SignedIn.user_id == user.id))


def end_other_sessions(session: Session, user: User, token: str) -> None:
    """Every device but the one that holds this token."""
    others = (SignedIn.user_id == user.id, SignedIn.token_hash != hashed(token))
    session.execute(sa.delete(SignedIn).where(*others))


def make_link(session: Session, user: User, valid: timedelta = timedelta(hours=12)) -> str:
    """A token that signs this user in once."""
    token = new_token()
    session.add(SignInLink(token_hash=hashed(token), user_id=user.id, expires_at=machine_now() + valid))
    return token


def use_link(session: Session, token: str) -> User:
    """The user of a fresh link, which is used up. Raises NotFound for a used, expired or unknown one."""
    now = machine_now()
    used = session.execute(
        sa.update(SignInLink)
        .where(
            SignInLink.token_hash == hashed(token), SignInLink.used_at.is_(None), SignInLink.expires_at > now
        )
        .values(used_at=now)
        .returning(SignInLink.user_id)
    ).scalar()
    user = session.get(User, used) if used else None
    if user is None or not user.active:
        raise NotFound("This sign-in link was used already or has expired. Ask for a new one.")
    return user


def _failures(session: Session, keys: tuple[str, ...]) -> int:
    since = machine_now() - FAILURE_WINDOW
    counts = session.execute(
        sa.select(sa.func.count())
        .where(SignInFailure.key.in_(keys), SignInFailure.at > since)
        .group_by(SignInFailure.key)
    ).scalars()
    return max(counts, default=0)


def _matches(known: str, password: str) -> bool:
    try:
        return HASHER.verify(known, password)
    except (VerificationError, InvalidHashError):
        return False
