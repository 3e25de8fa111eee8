"""Which certificates are trusted: those of the system, or of the file that the operator names."""

from __future__ import annotations

import errno
import ssl
from functools import lru_cache
from pathlib import Path

from sales_campaigns.errors import Outside, OutsideKind

_SOON = {errno.EMFILE, errno.ENFILE, errno.ENOMEM}


def trusting(ca_bundle: str | None) -> ssl.SSLContext:
    """Read once for all connections: those of the system when first needed, the file again when it was changed.

    Raises Outside where the file cannot be read: every mailbox waits for the operator, and none is lost.
    """
    try:
        return _read(ca_bundle, Path(ca_bundle).stat().st_mtime_ns if ca_bundle else 0)
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno in _SOON:
            raise Outside(OutsideKind.TRANSIENT, f"This machine has no more to give: {reason}.") from error
        words = f"The certificates in {ca_bundle} cannot be read ({reason}). Correct CA_BUNDLE."
        raise Outside(OutsideKind.TRANSIENT, words) from error


@lru_cache(maxsize=8)
def _read(ca_bundle: str | None, _changed: int) -> ssl.SSLContext:
    """It takes the processor 16 ms for the authorities of a system."""
    return ssl.create_default_context(cafile=ca_bundle)
