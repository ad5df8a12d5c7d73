"""Over TLS the certificate is checked against the name, though the connection goes to a checked address."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from collections.abc import Sequence
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.errors import Unreachable
from bot.web import Bounds, Web
from tests.fakes.clock import SetClock
from tests.fakes.web import Answer, Site


def certificate(folder: Path, *names: str) -> Path:
    """A self-signed certificate for those names, with its key, as one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    now = datetime.datetime.now(datetime.UTC)
    alternatives: list[x509.GeneralName] = [x509.DNSName(name) for name in names if not name[0].isdigit()]
    alternatives += [x509.IPAddress(ipaddress.ip_address(name)) for name in names if name[0].isdigit()]
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


async def names(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


async def fetched(pem: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    with Site(tls=context) as site:
        site.on("/", Answer(b"over TLS"))
        place = f"https://papers.example:{site.port}"
        async with Web(SetClock(), trusted=[place], resolver=names) as web:
            return (await web.get(f"{place}/", bounds=Bounds(tries=1))).body


async def test_the_name_is_what_the_certificate_must_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await fetched(certificate(tmp_path, "papers.example"), monkeypatch) == b"over TLS"


async def test_a_certificate_for_the_address_alone_does_not_serve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Unreachable, match=r"papers\.example cannot be reached"):
        await fetched(certificate(tmp_path, "other.example", "127.0.0.1"), monkeypatch)
