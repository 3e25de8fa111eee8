"""Addresses of people who were erased: known again by a keyed hash, and by nothing else.

The rule: “Erasure removes the person's data and keeps a keyed hash so that the address stays suppressed.” The key is
random and sealed with the service's secret, so a copy of the database alone cannot be asked for an address.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from hashlib import sha256

import sqlalchemy as sa
from cryptography.fernet import InvalidToken
from sqlalchemy.orm import Session

from sales_campaigns.accounts.secrets import Seal, new_token
from sales_campaigns.errors import IllegalMove
from sales_campaigns.people.models import ErasedAddress, ErasureKey
from sales_campaigns.unit_of_work import UnitOfWork

CANNOT_OPEN = (
    "The key of erased addresses cannot be opened, so nobody knows who must not be mailed. Put the former secret key"
    " into SECRET_KEY_OLD."
)


def erased_among(session: Session, keys: Iterable[str]) -> set[str]:
    """Those of these lower-cased addresses that belong to somebody who was erased; one query where nobody was.

    Raises IllegalMove when the key cannot be opened: rather no new address than mail to who was erased.
    """
    stored = session.scalars(sa.select(ErasureKey).order_by(ErasureKey.id)).all()
    wanted = list(keys) if stored else []
    found: set[str] = set()
    for key in stored:
        named = {digest_of(_opened(session, key), one): one for one in wanted}
        digests = sa.select(ErasedAddress.digest).where(
            ErasedAddress.key_id == key.id, ErasedAddress.digest.in_(named)
        )
        found |= {named[digest] for digest in session.scalars(digests)}
    return found


def remember_erased(uow: UnitOfWork, keys: Iterable[str]) -> None:
    """Keep the hash of these addresses. The first time makes the key."""
    key = uow.session.scalar(sa.select(ErasureKey).order_by(ErasureKey.id).limit(1)) or _first_key(uow)
    secret, known = _opened(uow.session, key), erased_among(uow.session, keys)
    uow.session.add_all(
        ErasedAddress(key_id=key.id, digest=digest_of(secret, one), at=uow.now)
        for one in sorted(set(keys) - known)
    )
    uow.session.flush()


def digest_of(secret: str, address: str) -> str:
    """HMAC-SHA-256 in hexadecimal."""
    return hmac.new(secret.encode(), address.encode(), sha256).hexdigest()


def _first_key(uow: UnitOfWork) -> ErasureKey:
    key = ErasureKey(id=1, sealed=_seal(uow.session).close(new_token()))
    uow.session.add(key)
    uow.session.flush()
    return key


def _opened(session: Session, key: ErasureKey) -> str:
    try:
        return _seal(session).open(key.sealed)
    except InvalidToken:
        raise IllegalMove(CANNOT_OPEN) from None


def _seal(session: Session) -> Seal:
    seal = session.info["seal"]
    assert isinstance(seal, Seal), "whoever writes addresses opens its sessions with a seal"
    return seal
