"""A stock Postfix with a configuration, queue and log of its own: submission with sign-in, and the server behind it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.mta.places import Places
from tests.programs import find

MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/postfix.log
maillog_file_prefixes = {folder}
myhostname = mail.ana.example
mydestination =
mynetworks = 127.0.0.0/8
inet_protocols = ipv4
alias_maps =
local_transport = error:there are no local users
smtp_dns_support_level = disabled
smtp_host_lookup = native
recipient_delimiter = +
virtual_mailbox_domains = ana.example
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = inline:{{ {{ana@ana.example = ana/}} {{bounces@ana.example = ana/.Bounces/}}
  {{letters@ana.example = ana/}}  {{@here.example = recipients/}} {{@there.example = recipients/}} }}
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 100
transport_maps = inline:{{ {{there.example = smtp:[127.0.0.1]:{hop}}} {{here.example = virtual:}} }}
smtpd_sasl_type = dovecot
smtpd_sasl_path = {folder}/dovecot/auth
smtpd_tls_cert_file = {folder}/bundle.pem
smtpd_tls_key_file = {folder}/key.pem
smtp_tls_security_level = none
smtputf8_enable = yes
default_process_limit = 20
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
delay_warning_time = 1s
maximal_queue_lifetime = {patience}s
bounce_queue_lifetime = 5s
confirm_delay_cleared = no
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_error_sleep_time = 0
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject
smtpd_recipient_restrictions = check_policy_service inet:127.0.0.1:{policy}
"""

MASTER = """\
127.0.0.1:{submission} inet n - n - - smtpd
  -o smtpd_tls_security_level=may -o smtpd_tls_auth_only=yes -o smtpd_sasl_auth_enable=yes
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject_unauth_destination
127.0.0.1:{tls} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes -o smtpd_sasl_auth_enable=yes
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject_unauth_destination
127.0.0.1:{hop} inet n - n - - smtpd -o myhostname=mx.there.example
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
reply unix - n n - 4 pipe
  flags=Rq user=nobody argv={python} {responder} reply 127.0.0.1:{hop} ${{sender}} ${{recipient}}
away unix - n n - 4 pipe
  flags=Rq user=nobody argv={python} {responder} away 127.0.0.1:{hop} ${{sender}} ${{recipient}}
"""


@contextmanager
def postfix(places: Places, policy: int, patience: int) -> Iterator[None]:
    """Runs while the block lasts. `policy` is the port that is asked, `patience` the seconds until mail is returned."""
    folder = _settle(places, policy, patience)
    program = [find(("postfix",)), "-c", str(folder)]
    process = subprocess.Popen([*program, "start-fg"], start_new_session=True, stdout=subprocess.DEVNULL)
    try:
        places.wait_for(places.submission, process)
        yield
    finally:
        _end(process)


def _settle(places: Places, policy: int, patience: int) -> Path:
    folder = places.folder / "postfix"
    for name in ("", "../queue", "../data"):
        (folder / name).mkdir(exist_ok=True)
    given = places.values | {"policy": policy, "patience": patience, "python": _python()}
    responder = places.folder / "responder.py"
    responder.write_text(Path(__file__).with_name("responder.py").read_text())
    (folder / "main.cf").write_text(MAIN.format(**given))
    (folder / "master.cf").write_text(MASTER.format(responder=responder, **given))
    shutil.chown(places.folder / "data", "postfix")
    return folder


def _python() -> str:
    """One that everybody may run: the responder runs as nobody."""
    return shutil.which("python3", path="/usr/bin:/usr/local/bin") or os.path.realpath(sys.executable)


def _end(process: subprocess.Popen[bytes]) -> None:
    """The whole session that was started here, and nothing else."""
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
