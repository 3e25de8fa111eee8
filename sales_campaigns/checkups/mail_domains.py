"""What a sending domain says about itself: SPF (RFC 7208), DKIM (RFC 6376), DMARC (RFC 7489). Pure."""

from __future__ import annotations

from collections.abc import Sequence

from sales_campaigns.checkups.findings import Finding, broken, fine, note

SPF, DMARC = "v=spf1", "v=DMARC1"
ED25519_LENGTH = 44  # characters of such a key in base64; every other one is longer


def spf(domain: str, texts: Sequence[str]) -> Finding:
    """`texts` are the TXT records of the domain. The rule: exactly one SPF record (RFC 7208, 4.5)."""
    what, records = f"SPF of {domain}", [text for text in texts if _begins(text, SPF)]
    if not records:
        return broken(what, "there is none", f'Publish a TXT record at {domain}: "v=spf1 include:… -all".')
    if len(records) > 1:
        return broken(what, f"there are {len(records)}, so none counts", "Merge them into one record.")
    terms = records[0].lower().split()
    if terms[-1] in ("+all", "all"):
        return broken(what, "it lets every server send as you", "End it with -all or ~all.")
    if terms[-1] in ("-all", "~all") or any(term.startswith("redirect=") for term in terms):
        return fine(what, records[0])
    return note(what, "it does not say what other servers are", "End it with -all or ~all.")


def dmarc(domain: str, texts: Sequence[str]) -> Finding:
    """`texts` are the TXT records of `_dmarc.` and the domain."""
    what, records = f"DMARC of {domain}", [text for text in texts if _begins(text, DMARC)]
    name = f"_dmarc.{domain}"
    if not records:
        return broken(
            what, "there is none", f'Publish a TXT record at {name}: "v=DMARC1; p=none; rua=mailto:…".'
        )
    if len(records) > 1:
        return broken(what, f"there are {len(records)}, so none counts", f"Leave one at {name}.")
    policy = tags(records[0]).get("p", "").lower()
    if policy not in ("none", "quarantine", "reject"):
        return broken(what, "it has no policy", f"Write p=none, p=quarantine or p=reject at {name}.")
    if policy == "none":
        return note(what, "it only watches (p=none)", "When its reports are clean, write p=quarantine.")
    return fine(what, f"p={policy}")


def dkim(domain: str, selector: str, texts: Sequence[str], ours: str = "") -> Finding:
    """`texts` are the TXT records of the selector's name. An empty p= means that the key was withdrawn.

    `ours` is what belongs to the key that signs here: with another one there, no signature holds.
    """
    what, name = f"DKIM of {domain}", f"{selector}._domainkey.{domain}"
    keys = [found["p"].replace(" ", "") for text in texts if "p" in (found := tags(text))]
    fix = (
        f'Publish there: "{_record(ours)}".' if ours else "Publish the key of whoever signs your mail there."
    )
    if not keys:
        return broken(what, f"there is no key at {name}", fix)
    if not keys[0]:
        return broken(what, f"the key at {name} was withdrawn", "Sign with a key that is published.")
    if ours and keys[0] != ours:
        return broken(what, f"the key at {name} is not that of DKIM_KEY", fix)
    return fine(what, f"a key stands at {name}")


def _record(ours: str) -> str:
    kind = "ed25519" if len(ours) == ED25519_LENGTH else "rsa"
    return f"v=DKIM1; k={kind}; p={ours}"


def dkim_unknown(domain: str) -> Finding:
    words = "nobody said by which name its key is found"
    return note(f"DKIM of {domain}", words, "Set DKIM_SELECTORS to the selectors of whoever signs your mail.")


def tags(record: str) -> dict[str, str]:
    """name=value; name=value: as DKIM and DMARC write them."""
    pairs = (part.partition("=") for part in record.split(";") if "=" in part)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _begins(text: str, version: str) -> bool:
    return text.split(";", maxsplit=1)[0].split(" ", maxsplit=1)[0].strip().lower() == version.lower()
