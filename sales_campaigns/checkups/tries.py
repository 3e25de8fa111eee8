"""What a probe has found, in words, and what to do about it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sales_campaigns.checkups.findings import Finding, broken, fine, note
from sales_campaigns.checkups.probing import Probed

BOUNCES = "BOUNCE_ADDRESS"


def mailbox_finding(address: str, probed: Probed) -> Finding:
    """Whether mail to itself comes back, under which name, who files a copy, and what is left to tidy up."""
    what = f"probe of {address}"
    tidy = f"Delete the mail “{probed.subject}” there by hand." if probed.subject else ""
    if probed.seconds is None:
        words = "the mail was taken, and did not come into its inbox in time"
        return broken(
            what, words, f"Look among its junk, and whether it is read where it sends. {tidy}".rstrip()
        )
    edited = " after its draft was edited" if probed.drafts else ""
    name = "kept our Message-ID" if probed.keeps_name else "was given another Message-ID"
    files = "files a copy of what is sent" if probed.files_copies else "files no copy, so we put one there"
    words = f"a mail to itself came back after {probed.seconds:.1f} s and {name}{edited}; the server {files}"
    return note(what, words, tidy) if tidy else fine(what, words)


def return_path_finding(pattern: str, reached: Mapping[str, tuple[str, str]]) -> Finding:
    """`reached`: bulk lane → the mailbox that a mail to the return path came to, and why it did not leave."""
    lost = sorted(lane for lane, (where, _) in reached.items() if not where)
    if not lost:
        where = ", ".join(sorted({where for where, _ in reached.values()}))
        return fine(BOUNCES, f"a mail to {pattern} came to {where}; bulk lanes use it from now on")
    said = next(
        (words for lane in lost if (words := reached[lane][1])), "it did not come to any of the mailboxes"
    )
    fix = "Let a mailbox that is read here get this address (a delimiter or a catch-all), and name it by --mailbox."
    return broken(BOUNCES, f"from {', '.join(lost)} to {pattern}: {said}; it is not used", fix)


def unprobed(pattern: str) -> Finding:
    """One that is set, and that no probe has come back to: nothing uses it."""
    return note(BOUNCES, f"{pattern} is set, and not used before it was tried", "Run flask doctor --probe.")


def crm_finding(vendor: str, advice: Sequence[str], *, trying: bool) -> Finding:
    """`advice` is what should be mended there."""
    what = f"{'probe of ' if trying else ''}CRM {vendor}"
    told = " ".join(filter(None, advice))
    if told:
        return note(what, told, "Look under CRM.")
    return fine(what, "a task was written once, and deleted" if trying else "took the sign-in")
