"""The throw-away certificate authority of one instance.

Clients trust it through AWS_CA_BUNDLE for the life of the instance; its private key never leaves the process.
"""

from __future__ import annotations

import datetime
import ssl
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFE = datetime.timedelta(days=30)


def _name(common_name: str) -> x509.Name:
    # A common name holds 64 characters; the host itself stands in the alternative names.
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])


class Authority:
    """Signs one certificate a host name, on demand: bucket names with dots need no wildcard rules."""

    def __init__(self) -> None:
        self._ca_key = ec.generate_private_key(ec.SECP256R1())
        self._leaf_key = ec.generate_private_key(ec.SECP256R1())
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._ca = self._sign_authority()

    def _validity(self, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + _LIFE)
        )

    def _sign_authority(self) -> x509.Certificate:
        name = _name("SageKeep local AWS (throw-away)")
        public = self._ca_key.public_key()
        identifier = x509.SubjectKeyIdentifier.from_public_key(public)
        usage = x509.KeyUsage(
            digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        return (
            self._validity(name, public)
            .issuer_name(name)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(identifier, critical=False)
            .sign(self._ca_key, hashes.SHA256())
        )

    def bundle(self) -> str:
        """The authority's certificate in PEM, for AWS_CA_BUNDLE."""
        return self._ca.public_bytes(serialization.Encoding.PEM).decode()

    def context(self, host: str) -> ssl.SSLContext:
        """A server-side TLS context whose certificate is for `host`."""
        if host not in self._contexts:
            self._contexts[host] = self._sign_host(host)
        return self._contexts[host]

    def _sign_host(self, host: str) -> ssl.SSLContext:
        public = self._leaf_key.public_key()
        authority_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._ca_key.public_key())
        certificate = (
            self._validity(_name(host), public)
            .issuer_name(self._ca.subject)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(authority_id, critical=False)
            .sign(self._ca_key, hashes.SHA256())
        )
        key = self._leaf_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # load_cert_chain reads files only.
        with tempfile.TemporaryDirectory(prefix="sagekeep-tls-") as folder:
            pem = Path(folder, "host.pem")
            pem.touch(mode=0o600)
            pem.write_bytes(key + certificate.public_bytes(serialization.Encoding.PEM))
            context.load_cert_chain(pem)
        return context
