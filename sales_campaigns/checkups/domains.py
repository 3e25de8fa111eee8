"""Ask the name servers about every domain that mail is sent from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sales_campaigns.checkups.findings import Finding, broken
from sales_campaigns.checkups.mail_domains import dkim, dkim_unknown, dmarc, spf
from sales_campaigns.content.dkim import Signer, published
from sales_campaigns.errors import Outside
from sales_campaigns.ports import NameServers

UNREACHABLE = "Check the name server (DNS_SERVER), or try again in a minute."


def look_at_domain(
    names: NameServers, domain: str, selectors: Sequence[str], signer: Signer | None = None
) -> Iterator[Finding]:
    """SPF, DMARC and DKIM; with several selectors the best finding, because one of them signs. Where mail of this
    domain is signed here, it is the key of `signer` that must be published.
    """
    yield _asked(f"SPF of {domain}", lambda: spf(domain, names.texts(domain)))
    yield _asked(f"DMARC of {domain}", lambda: _dmarc(names, domain))
    if signer is not None and signer.signs_for(f"postmaster@{domain}"):
        yield _key(names, signer.domain, signer.selector, published(signer.key))
        return
    if not selectors:
        yield dkim_unknown(domain)
        return
    found = [_key(names, domain, selector) for selector in selectors]
    yield next((one for one in found if not one.fix), found[0])


def _dmarc(names: NameServers, domain: str) -> Finding:
    """The rule: where a domain has no record, that of the domain it belongs to holds (RFC 7489, 6.6.3)."""
    texts = names.texts(f"_dmarc.{domain}")
    above = domain.split(".")[-2:]
    if not texts and len(above) == 2 and domain != ".".join(above):
        texts = names.texts(f"_dmarc.{'.'.join(above)}")
    return dmarc(domain, texts)


def _key(names: NameServers, domain: str, selector: str, ours: str = "") -> Finding:
    name = f"{selector}._domainkey.{domain}"
    return _asked(f"DKIM of {domain}", lambda: dkim(domain, selector, names.texts(name), ours))


def _asked(what: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except Outside as error:
        return broken(what, error.words, UNREACHABLE)
