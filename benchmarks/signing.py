"""What a domain's signature (DKIM) costs a mail, by the kind of its key and the size of the mail.

Run: python -m benchmarks.signing [mails]
"""

from __future__ import annotations

import sys
import time

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sales_campaigns.content.dkim import Signer, signature
from sales_campaigns.domain_keys import Key

SIZES = (5_120, 61_440)
HEAD = (
    b"Message-ID: <%d@north.example>\r\nDate: Mon, 30 Nov 2026 09:00:00 +0100\r\n"
    b"From: Ana Lind <ana@north.example>\r\nTo: Maria Santos <maria@example.com>\r\nSubject: A thought\r\n"
    b"List-Unsubscribe: <mailto:ana@north.example?subject=unsubscribe>\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/alternative;\r\n boundary="=_1"\r\n\r\n'
)


def main(mails: int) -> None:
    keys: dict[str, Key] = {
        "rsa-sha256, 2048 bits": rsa.generate_private_key(public_exponent=65537, key_size=2048),
        "ed25519-sha256": Ed25519PrivateKey.generate(),
    }
    for name, key in keys.items():
        costs = (f"{_microseconds(key, size, mails):,.0f} µs at {size:,} bytes" for size in SIZES)
        print(f"{name}: {', '.join(costs)}")


def _microseconds(key: Key, size: int, mails: int) -> float:
    """Of one thread's own time, for one mail."""
    signer, body = (
        Signer("north.example", "s1", key),
        (b"Hello Maria, and more words. " * 2 + b"\r\n") * (size // 60),
    )
    ready = [HEAD % number + body for number in range(mails)]
    begun = time.thread_time()
    for mail in ready:
        signature(mail, signer)
    return (time.thread_time() - begun) / mails * 1_000_000


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)
