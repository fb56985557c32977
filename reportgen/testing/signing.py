"""A key that signs runs in tests, and the policy that knows it. It is public: it proves nothing."""

from __future__ import annotations

import struct
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from reportgen.audit.policy import Policy, load_policy
from reportgen.audit.ssh_signature import KEY_TYPE, NAMESPACE, packed, signed_bytes
from reportgen.runs import layout

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SIGNER: Final = "golden"
"""Name of the key in :func:`golden_policy`."""


def public_line(name: str = SIGNER) -> str:
    """Return the public half of a test key as a line of ``id_ed25519.pub``.

    Args:
        name: Each name has a key of its own.
    """
    return f"{KEY_TYPE} {b64encode(_public_blob(name)).decode()} {name}"


def golden_policy(*signers: str) -> Policy:
    """Return the built-in policy with test keys as signers: that of :data:`SIGNER`, and more."""
    names = (SIGNER, *signers)
    return replace(load_policy(), signers={name: public_line(name) for name in names})


def signature(message: bytes, name: str = SIGNER, *, namespace: str = NAMESPACE) -> bytes:
    """Return a signature of ``message`` as ``ssh-keygen -Y sign`` makes it.

    Needs the package ``cryptography`` (the extra ``sign``).
    """
    signed = signed_bytes(message, "sha512", namespace)
    inner = packed(KEY_TYPE.encode()) + packed(_private_key(name).sign(signed))
    parts = (_public_blob(name), namespace.encode(), b"", b"sha512", inner)
    blob = b"SSHSIG" + struct.pack(">I", 1) + b"".join(map(packed, parts))
    text = b64encode(blob).decode()
    lines = "".join(f"{text[at : at + 70]}\n" for at in range(0, len(text), 70))
    return f"-----BEGIN SSH SIGNATURE-----\n{lines}-----END SSH SIGNATURE-----\n".encode()


def sign_run(folder: Path, name: str = SIGNER) -> None:
    """Sign the manifest of a run folder."""
    place = folder / layout.SIGNATURES / "manifest.sig"
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(signature((folder / layout.MANIFEST).read_bytes(), name))


def _private_key(name: str) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(sha256(f"test key {name}".encode()).digest())


def _public_blob(name: str) -> bytes:
    raw: bytes = _private_key(name).public_key().public_bytes_raw()
    return packed(KEY_TYPE.encode()) + packed(raw)
