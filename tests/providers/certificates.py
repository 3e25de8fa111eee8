"""A certificate for 127.0.0.1, made anew for a test and trusted by nobody but the test."""

from __future__ import annotations

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_FROM = datetime(2020, 1, 1, tzinfo=UTC)
_LONG_ENOUGH = timedelta(days=36_500)


def server_context(
    folder: Path, address: str = "127.0.0.1", holds: timedelta = _LONG_ENOUGH
) -> tuple[ssl.SSLContext, str]:
    """The server's side of TLS, and the bundle a client must trust. `holds`: how long, from 2020 on."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _certificate(key, address, holds)
    bundle, secret = folder / "bundle.pem", folder / "key.pem"
    bundle.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(bundle, secret)
    return context, str(bundle)


def _certificate(key: ec.EllipticCurvePrivateKey, address: str, holds: timedelta) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sink")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_FROM)
        .not_valid_after(_FROM + holds)
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
