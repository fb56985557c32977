"""Signatures of ssh-keygen are read to the last byte; whatever is damaged is none."""

from __future__ import annotations

from base64 import b64decode, b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.audit.policy import load_policy
from reportgen.audit.ssh_signature import fingerprint, parse_signature, public_key
from reportgen.errors import SettingsError, UnreadableError
from reportgen.testing.signing import public_line, signature

MESSAGE = b"the bytes of a manifest"
# Made by `ssh-keygen -Y sign -n reportgen` (OpenSSH 9.2) with a key that is kept nowhere.
LINE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAID35V0ka4RjwqOQ4FxmLwBLiSsrKJlQmKTaWciHgH40f golden"
ARMOURED = b"""-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgPflXSRrhGPCo5DgXGYvAEuJKys
omVCYpNpZyIeAfjR8AAAAJcmVwb3J0Z2VuAAAAAAAAAAZzaGE1MTIAAABTAAAAC3NzaC1l
ZDI1NTE5AAAAQOjb5xTurCJV3lS++mRgJAHSF73KHkbxdHfeMnwlP4zM9xVBkA+tsQugNt
DAVtyvwKV5cGrotC4jxTpqxfCqQwo=
-----END SSH SIGNATURE-----
"""


def test_what_ssh_keygen_made_is_known() -> None:
    found = parse_signature(ARMOURED)
    assert found.key == public_key(LINE)
    assert found.signs(MESSAGE)
    assert not found.signs(MESSAGE + b"\n")
    assert fingerprint(found.key) == "SHA256:KN87oY5b4JVSAJjOH3IWbDXkz9DHDuz28ss4o47SWjI"


def test_each_key_signs_only_for_itself() -> None:
    found = parse_signature(signature(MESSAGE, "a"))
    assert found.signs(MESSAGE)
    assert found.key == public_key(public_line("a")) != public_key(public_line("b"))


def test_every_flipped_bit_is_noticed() -> None:
    blob = b64decode(b"".join(signature(MESSAGE).split(b"\n")[1:-2]))
    for at in range(len(blob)):
        changed = bytearray(blob)
        changed[at] ^= 1
        text = b64encode(bytes(changed))
        armour = b"-----BEGIN SSH SIGNATURE-----\n" + text + b"\n-----END SSH SIGNATURE-----\n"
        try:
            found = parse_signature(armour)
        except UnreadableError:
            continue
        assert not found.signs(MESSAGE) or found.key != public_key(public_line())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"signed",
        signature(MESSAGE)[:-20],
        signature(MESSAGE) * 2,
        signature(MESSAGE, namespace="git"),
        b"-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n",
    ],
)
def test_what_is_no_signature_for_this_purpose(data: bytes) -> None:
    with pytest.raises(UnreadableError):
        parse_signature(data)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "ssh-ed25519",
        "ssh-ed25519 AAAA",
        "ssh-rsa AAAAB3NzaC1yc2E= me",
        "x" * 100,
        "ssh-ed25519 é",
    ],
)
def test_what_is_no_public_key(line: str) -> None:
    with pytest.raises(UnreadableError):
        public_key(line)


def test_a_policy_with_a_key_that_is_none_is_refused(tmp_path) -> None:  # type: ignore[no-untyped-def]
    policy = tmp_path / "lab.yaml"
    policy.write_text("signers: {lab: ssh-rsa AAAA}\n")
    with pytest.raises(SettingsError, match="signers, lab"):
        load_policy(policy)
    policy.write_text(f"signers: {{lab: {public_line()}}}\n")
    assert load_policy(policy).signers == {"lab": public_line()}


@given(st.binary(max_size=200))
def test_arbitrary_bytes_raise_nothing_else(data: bytes) -> None:
    armour = b"-----BEGIN SSH SIGNATURE-----\n%s\n-----END SSH SIGNATURE-----\n"
    for text in (data, armour % b64encode(data), armour % b64encode(b"SSHSIG\0\0\0\1" + data)):
        try:
            parse_signature(text)
        except UnreadableError:
            continue
