"""Serve the demo company beside servers that stand in for Google and Microsoft, so that connecting a mailbox, sending
from it and drafts in it can be tried without an account. `STAND_INS=1 make run`.

Whoever is asked for consent there says yes at once, as the address that stood in the form. Mailboxes of one provider
deliver to each other.
"""

from __future__ import annotations

import os
import subprocess
import sys

from tests.stand_ins.vendors import vendor_called
from tests.stand_ins.worlds import settings_of


def main() -> int:
    """Until the server is ended; its exit code."""
    flask = [sys.executable, "-m", "flask", "--app", "wsgi"]
    with vendor_called("gmail") as google, vendor_called("outlook") as microsoft:
        known = {**settings_of(google.server), **settings_of(microsoft.server)}
        environment = {**os.environ, **{name.upper(): str(value) for name, value in known.items()}}
        subprocess.run([*flask, "demo"], env=environment, check=True)  # noqa: S603  our own command
        try:
            return subprocess.run([*flask, "serve"], env=environment, check=False).returncode  # noqa: S603
        except KeyboardInterrupt:
            return 0


if __name__ == "__main__":
    sys.exit(main())
