"""Signatures as ``ssh-keygen -Y sign`` makes them, checked without starting a program.

Whoever has an SSH key can sign a run, and anybody with the public half can check it::

    ssh-keygen -Y sign -n reportgen -f ~/.ssh/id_ed25519 < manifest.json > signatures/manifest.sig

The format is PROTOCOL.sshsig of OpenSSH: an armoured blob of key, namespace, hash and signature,
made over the hash of the message and that same namespace, so that a signature that was made for
git or for a login says nothing here. Ed25519 keys are read, by the package ``cryptography``.
"""

from __future__ import annotations

import hashlib
import re
import struct
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Final

from reportgen.errors import UnavailableError, UnreadableError

NAMESPACE: Final = "reportgen"
KEY_TYPE: Final = "ssh-ed25519"
COMMAND: Final = (
    f"ssh-keygen -Y sign -n {NAMESPACE} -f ~/.ssh/id_ed25519 < manifest.json > "
    "signatures/manifest.sig"
)
_MAGIC = b"SSHSIG"
_ARMOUR = re.compile(
    rb"\s*-----BEGIN SSH SIGNATURE-----\s+([A-Za-z0-9+/=\s]{1,20000})-----END SSH SIGNATURE-----\s*"
)
_PUBLIC_KEY = re.compile(
    r"\s*(?P<type>[a-z0-9@.-]{1,60})\s+(?P<blob>[A-Za-z0-9+/=]{1,4000})(?:\s|$)"
)
_HASHES = ("sha256", "sha512")


@dataclass(frozen=True, slots=True)
class Signature:
    """What a signature file says.

    Attributes:
        key: The public key, as its SSH blob.
        hash: ``sha256`` or ``sha512``, of the message.
        signature: 64 bytes.
    """

    key: bytes
    hash: str
    signature: bytes

    def signs(self, message: bytes) -> bool:
        """Tell whether the key made this signature of ``message``.

        Raises:
            UnavailableError: The package that checks it is not installed.
        """
        try:
            from cryptography.exceptions import InvalidSignature
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        except ImportError:
            raise UnavailableError(
                "the package cryptography is not installed",
                fix="pip install 'reportgen-runs[sign]'",
            ) from None
        try:
            key = Ed25519PublicKey.from_public_bytes(_ed25519_of(self.key))
            key.verify(self.signature, signed_bytes(message, self.hash))
        except (InvalidSignature, ValueError):
            return False
        return True


def signed_bytes(message: bytes, hash_name: str, namespace: str = NAMESPACE) -> bytes:
    """Return what is signed for a message (PROTOCOL.sshsig, section 3)."""
    digest = hashlib.new(hash_name, message).digest()
    parts = (namespace.encode(), b"", hash_name.encode(), digest)
    return _MAGIC + b"".join(map(packed, parts))


def parse_signature(data: bytes) -> Signature:
    """Return the signature in an armoured file.

    Raises:
        UnreadableError: It is none, or made by another kind of key or for another purpose.
    """
    match = _ARMOUR.fullmatch(data)
    if match is None:
        raise UnreadableError("is no SSH signature")
    try:
        blob = b64decode(b"".join(match[1].split()), validate=True)
        if not blob.startswith(_MAGIC + struct.pack(">I", 1)):
            raise ValueError("another version")
        key, namespace, reserved, hash_name, outer, *rest = _strings(blob[len(_MAGIC) + 4 :])
        kind, signature = _strings(outer)
    except (ValueError, struct.error) as error:
        raise UnreadableError(f"is a damaged SSH signature ({str(error)[:60]})") from None
    if namespace != NAMESPACE.encode():
        shown = namespace.decode("utf-8", "replace")[:60]
        raise UnreadableError(f"was made for {shown!r}, not for {NAMESPACE!r}")
    if kind != KEY_TYPE.encode() or rest or reserved or hash_name.decode("latin-1") not in _HASHES:
        raise UnreadableError(f"was not made by a key of type {KEY_TYPE}")
    return Signature(key, hash_name.decode(), signature)


def public_key(line: str) -> bytes:
    """Return the blob of a public key from its line, such as stands in ``id_ed25519.pub``.

    Raises:
        UnreadableError: It is none, or of another type.
    """
    match = _PUBLIC_KEY.match(line)
    if match is None or match["type"] != KEY_TYPE:
        raise UnreadableError(f"is no public key of type {KEY_TYPE}")
    try:
        blob = b64decode(match["blob"], validate=True)
        _ed25519_of(blob)
    except (ValueError, struct.error):
        raise UnreadableError(f"is a damaged public key of type {KEY_TYPE}") from None
    return blob


def fingerprint(key: bytes) -> str:
    """Return a key's fingerprint as ``ssh-keygen -l`` prints it."""
    return "SHA256:" + b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


def packed(data: bytes) -> bytes:
    """Return bytes with their length before them (RFC 4251, section 5: ``string``)."""
    return struct.pack(">I", len(data)) + data


def _strings(data: bytes) -> list[bytes]:
    found = []
    at = 0
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        if at + 4 + length > len(data):
            raise ValueError("cut off")
        found.append(data[at + 4 : at + 4 + length])
        at += 4 + length
    return found


def _ed25519_of(blob: bytes) -> bytes:
    parts = _strings(blob)
    if len(parts) != 2 or parts[0] != KEY_TYPE.encode() or len(parts[1]) != 32:
        raise ValueError("no Ed25519 key")
    return parts[1]
