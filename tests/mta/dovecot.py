"""A stock Dovecot over the Maildirs that Postfix delivers into: IMAP with STARTTLS, IMAP in TLS, sign-in."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.mta.places import Places
from tests.programs import find

CONFIGURATION = """\
base_dir = {folder}/dovecot/run
state_dir = {folder}/dovecot/state
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{folder}/bundle.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = yes
auth_mechanisms = plain login
auth_failure_delay = 0
mail_location = maildir:{folder}/mail/%n
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = 1
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%n
}}
namespace inbox {{
  inbox = yes
  separator = .
  mailbox Sent {{
    special_use = \\Sent
    auto = subscribe
  }}
  mailbox Bounces {{
    auto = subscribe
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service auth {{
  unix_listener {folder}/dovecot/auth {{
    mode = 0666
  }}
}}
"""


@contextmanager
def dovecot(places: Places) -> Iterator[None]:
    """Runs while the block lasts."""
    folder = places.folder / "dovecot"
    folder.mkdir()
    (folder / "dovecot.conf").write_text(CONFIGURATION.format(**places.values))
    program = [find(("dovecot",)), "-F", "-c", str(folder / "dovecot.conf")]
    process = subprocess.Popen(program, stdout=subprocess.DEVNULL)
    try:
        places.wait_for(places.imap, process)
        yield
    finally:
        process.terminate()
        process.wait(10)
