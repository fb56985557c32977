"""Who stands for the run's files: a signature of the seal, or a history that holds it."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import orjson

from reportgen.audit.evidence import listed
from reportgen.audit.interface import AuditContext, Check, CheckResult, Severity, Where
from reportgen.audit.ssh_signature import (
    COMMAND,
    Signature,
    fingerprint,
    parse_signature,
    public_key,
)
from reportgen.capture.shadow import ShadowRepository
from reportgen.errors import ReportgenError, UnavailableError, UnreadableError
from reportgen.fs.hashing import sha256_bytes
from reportgen.runs import layout

_MATCHES = "artifacts.manifest-matches"
_SIGNATURE = f"{layout.SIGNATURES}/manifest.sig"
_ATTESTATION = f"{layout.SIGNATURES}/manifest.sigstore.json"
_SIGNATURE_BYTES = 64 * 1024
_ATTESTATION_BYTES = 4 * 2**20


class ManifestSealed(Check):
    """The manifest is signed by a key of the policy, or at least stands in the git history.

    ``signatures/manifest.sig`` is a signature of the bytes of manifest.json as ``ssh-keygen -Y
    sign -n reportgen`` makes it. What CI attested (``signatures/manifest.sigstore.json``) is only
    looked at for the digest it names: its certificates are for ``gh attestation verify``.
    """

    id = "artifacts.manifest-sealed"
    severity = Severity.M
    title = "Somebody stands for the seal"
    failure = "Nobody stands for the seal"
    why = "Whoever may write the folder can also write another seal, but not another's signature."
    fix = "Sign the manifest where the run is made or in CI, and name the key in the policy"
    command = COMMAND
    needs = ("folder", "repository")
    at_end = True

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        manifest = view.bytes(layout.MANIFEST)
        if not manifest:
            where = [Where(file=layout.MANIFEST)]
            message = "there is no manifest.json to sign"
            return self.failed(message, inspected=0, where=where, cause=_MATCHES)
        if view.exists(_SIGNATURE):
            return self._signed(context, manifest)
        if view.exists(_ATTESTATION):
            return self._attested(context, manifest)
        return self._in_history(context, manifest, "not signed")

    def _signed(self, context: AuditContext, manifest: bytes) -> CheckResult:
        where = [Where(file=_SIGNATURE)]
        data = context.run.bytes(_SIGNATURE, limit=_SIGNATURE_BYTES) or b""
        try:
            signature = parse_signature(data)
            made = signature.signs(manifest)
        except UnreadableError as error:
            return self.failed(f"manifest.sig {error.what}", where=where)
        except UnavailableError as error:
            return self.inconclusive(
                f"signed, not checked: {error.what}", remedy="Install it", command=error.fix
            )
        if not made:
            message = "the signature is not one of this manifest.json"
            return self.failed(message, where=[*where, Where(file=layout.MANIFEST)])
        signer = signer_of(signature, context.policy.signers)
        if signer is not None:
            return self.passed(f"signed by {signer}, {fingerprint(signature.key)[:20]}…")
        key = fingerprint(signature.key)
        if not context.policy.signers:
            return self.inconclusive(
                f"signed by the key {key}; the policy names no signer to compare it with",
                remedy="Name the public keys of those who may sign under signers in the policy",
            )
        return self._in_history(context, manifest, f"signed by {key}, no key of the policy")

    def _attested(self, context: AuditContext, manifest: bytes) -> CheckResult:
        where = [Where(file=_ATTESTATION)]
        data = context.run.bytes(_ATTESTATION, limit=_ATTESTATION_BYTES) or b""
        named = attested_digests(data)
        if sha256_bytes(manifest) not in named:
            what = listed(f"{one[:12]}…" for one in sorted(named)) or "no digest"
            return self.failed(f"the attestation is of {what}, not of manifest.json", where=where)
        return self.inconclusive(
            "an attestation names the digest of manifest.json; its certificates are not checked",
            remedy="Check them with the tool of the place that attested it",
            command=f"gh attestation verify manifest.json --bundle {_ATTESTATION} --owner OWNER",
        )

    def _in_history(self, context: AuditContext, manifest: bytes, reason: str) -> CheckResult:
        try:
            commit = _commit_that_holds(context, manifest)
        except ReportgenError:
            commit = None
        where = [Where(file=layout.MANIFEST)]
        if commit is not None:
            # Of the commit at hand no id is told: it would be another after each commit.
            here = commit == context.repository.head()
            named = "the commit that is checked out" if here else f"commit {commit[:12]}…"
            return self.partial(f"{reason}; {named} holds it", where=where)
        return self.failed(f"{reason}, and in no commit", where=where)


def signer_of(signature: Signature, signers: dict[str, str]) -> str | None:
    """Return the name under which the policy knows the key of a signature, or None."""
    names = (name for name, line in signers.items() if public_key(line) == signature.key)
    return next(names, None)


def attested_digests(bundle: bytes) -> set[str]:
    """Return the SHA-256 digests that an attestation speaks of.

    The bundle is that of Sigstore: a DSSE envelope whose payload is an in-toto statement
    (github.com/in-toto/attestation, "Statement"). Nothing of its signature is checked.
    """
    from base64 import b64decode

    try:
        envelope = orjson.loads(bundle)["dsseEnvelope"]
        statement = orjson.loads(b64decode(envelope["payload"], validate=True))
        digests = [subject["digest"]["sha256"] for subject in statement["subject"]]
    except (ValueError, KeyError, TypeError):
        return set()
    return {one for one in digests if isinstance(one, str)}


def _commit_that_holds(context: AuditContext, manifest: bytes) -> str | None:
    """Return a commit with this very manifest.json at this very place, or None.

    Raises:
        UnavailableError: The repository cannot be asked.
    """
    top = context.repository.top
    if top is None:
        return None
    folder = Path(os.path.realpath(context.run.folder))
    if not folder.is_relative_to(os.path.realpath(top)):
        return None
    place = (folder / layout.MANIFEST).relative_to(os.path.realpath(top)).as_posix()
    limit = context.policy.tolerances.history_commits
    head = context.repository.head()

    def find(shadow: ShadowRepository) -> str | None:
        entry = shadow.entry(head, place) if head else None
        blob = blob_id(manifest, shadow.id_digits)
        if entry is not None and entry[1] == blob:
            return head
        if shadow.objects.read(blob) is None:
            return None  # an object that nobody has is in no commit
        output = shadow.git(
            "log",
            "--no-show-signature",
            "--all",
            f"--max-count={limit}",
            "--format=%H",
            f"--find-object={blob}",
        )
        commits = output.decode("ascii").split()
        return next((one for one in commits if shadow.entry(one, place) == ("100644", blob)), None)

    return context.repository.asked(("manifest", place, sha256_bytes(manifest)), find)


def blob_id(data: bytes, digits: int) -> str:
    """Return the id that git gives a file of these bytes."""
    whole = b"blob %d\0" % len(data) + data
    hashed = hashlib.sha256(whole) if digits == 64 else hashlib.sha1(whole)  # noqa: S324
    return hashed.hexdigest()


CHECKS: tuple[Check, ...] = (ManifestSealed(),)
