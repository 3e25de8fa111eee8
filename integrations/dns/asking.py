"""TXT records by name, from the system's name servers or from one that the settings name."""

from __future__ import annotations

from collections.abc import Sequence

import dns.exception
import dns.resolver

from sales_campaigns.errors import Outside, OutsideKind

SECONDS = 5.0


class Names:
    """The port's NameServers. `server` is "address:port" or "address"; "" takes those of the system."""

    def __init__(self, server: str = "", seconds: float = SECONDS) -> None:
        self._server, self._seconds = server, seconds

    def texts(self, name: str) -> Sequence[str]:
        """The TXT records at `name`, none where there are none. Raises Outside when nobody answers."""
        try:
            answer = self._resolver().resolve(name, "TXT", lifetime=self._seconds)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return ()
        except dns.exception.DNSException as error:
            words = f"no name server answered for {name}: {str(error) or type(error).__name__}"
            raise Outside(OutsideKind.TRANSIENT, words) from error
        return [b"".join(row.strings).decode("utf-8", "replace") for row in answer]

    def _resolver(self) -> dns.resolver.Resolver:
        if not self._server:
            return dns.resolver.Resolver()
        address, _, port = self._server.rpartition(":") if ":" in self._server else (self._server, "", "53")
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = [address], int(port)
        return resolver
