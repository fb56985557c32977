import os
import subprocess
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import orjson
import pytest
from audit.case import Case, assert_case, unchanged

from reportgen.runs.writer import seal
from reportgen.testing import git, golden_policy, make_repository, make_run, run_check
from reportgen.testing.signing import sign_run, signature

SEALED = "artifacts.manifest-sealed"
KNOWING = golden_policy()
SIGNED = {"signed": True}


def signed_by(name: str):  # type: ignore[no-untyped-def]
    return lambda run: sign_run(run, name)


def with_signature(data: bytes):  # type: ignore[no-untyped-def]
    def write(run: Path) -> None:
        (run / "signatures").mkdir(exist_ok=True)
        (run / "signatures" / "manifest.sig").write_bytes(data)

    return write


def sealed_again(run: Path) -> None:
    """The metrics are changed and the seal is made anew; the signature stays."""
    (run / "metrics.jsonl").write_bytes(b'{"step":1,"time":1.0,"metrics":{"val/accuracy":0.99}}\n')
    seal(run)


def signed_for_git(run: Path) -> None:
    with_signature(signature((run / "manifest.json").read_bytes(), namespace="git"))(run)


def attested(digest: str | None = None):  # type: ignore[no-untyped-def]
    def write(run: Path) -> None:
        named = digest or sha256((run / "manifest.json").read_bytes()).hexdigest()
        statement = {"subject": [{"name": "manifest.json", "digest": {"sha256": named}}]}
        payload = b64encode(orjson.dumps(statement)).decode()
        (run / "signatures").mkdir(exist_ok=True)
        place = run / "signatures" / "manifest.sigstore.json"
        place.write_bytes(orjson.dumps({"dsseEnvelope": {"payload": payload}}))

    return write


def committed(repository: Path) -> None:
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "Keep the run")


def committed_and_removed(repository: Path) -> None:
    committed(repository)
    git(repository, "rm", "--quiet", "-r", "--cached", "runs")
    git(repository, "commit", "--quiet", "--message", "Keep runs elsewhere")


def another_committed(repository: Path) -> None:
    """The manifest in the history is that of before the run was changed."""
    committed(repository)
    (run,) = (path.parent for path in repository.rglob("run.yaml"))
    sealed_again(run)


def only_staged(repository: Path) -> None:
    git(repository, "add", "--all")


CASES = (
    Case(SEALED, "passes", "signed by golden", SIGNED, policy=KNOWING),
    Case(SEALED, "fails", "not signed, and in no commit"),
    Case(SEALED, "fails", "in no commit", before=unchanged, after=only_staged, name="staged"),
    Case(
        SEALED,
        "partly",
        "not signed; the commit that is checked out holds it",
        before=unchanged,
        after=committed,
    ),
    Case(
        SEALED,
        "partly",
        "holds it",
        before=unchanged,
        after=committed_and_removed,
        name="earlier-commit",
    ),
    # A signature that is right, of anybody's key.
    Case(
        SEALED,
        "cheats",
        "no key of the policy",
        change=signed_by("stranger"),
        policy=KNOWING,
        name="strangers-key",
    ),
    Case(
        SEALED,
        "cheats",
        "not one of this manifest.json",
        SIGNED,
        change=sealed_again,
        policy=KNOWING,
        name="sealed-again",
    ),
    Case(
        SEALED,
        "cheats",
        "was made for 'git'",
        change=signed_for_git,
        policy=KNOWING,
        name="for-git",
    ),
    Case(SEALED, "cheats", "is no SSH signature", change=with_signature(b"signed: yes\n")),
    Case(
        SEALED,
        "cheats",
        "in no commit",
        before=unchanged,
        after=another_committed,
        name="history-of-another",
    ),
    Case(SEALED, "cheats", "not of manifest.json", change=attested("ab" * 32), name="attested"),
    Case(SEALED, "inconclusive", "names no signer", SIGNED, name="no-signers"),
    Case(SEALED, "inconclusive", "an attestation names the digest", change=attested()),
    Case(
        SEALED,
        "fails",
        "no manifest.json",
        {"sealed": False},
        name="unsealed",
        more={"cause": "artifacts.manifest-matches"},
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    assert_case(case, tmp_path)


def test_what_ssh_keygen_signs_is_known(tmp_path: Path) -> None:
    from msgspec.structs import replace

    if subprocess.run(["which", "ssh-keygen"], capture_output=True).returncode:
        pytest.skip("ssh-keygen is not installed")
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    run = make_run(tmp_path / "runs")
    words = ["ssh-keygen", "-q", "-Y", "sign", "-n", "reportgen", "-f", key]
    with (run / "manifest.json").open("rb") as manifest:
        done = subprocess.run(words, stdin=manifest, capture_output=True, check=True)
    with_signature(done.stdout)(run)
    line = key.with_suffix(".pub").read_text()
    result = run_check(SEALED, run, policy=replace(KNOWING, signers={"somebody": line}))
    assert (result.outcome, result.message[:18]) == ("pass", "signed by somebody")


def test_without_the_package_a_signature_is_not_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(tmp_path, signed=True)
    monkeypatch.setitem(__import__("sys").modules, "cryptography.exceptions", None)
    result = run_check(SEALED, run, policy=KNOWING)
    assert (result.outcome, result.command) == (
        "inconclusive",
        "pip install 'reportgen-runs[sign]'",
    )


def test_a_linked_signature_is_not_followed(tmp_path: Path) -> None:
    run = make_run(tmp_path / "runs", signed=True)
    kept = tmp_path / "kept.sig"
    (run / "signatures" / "manifest.sig").rename(kept)
    os.symlink(kept, run / "signatures" / "manifest.sig")
    assert run_check(SEALED, run, policy=KNOWING).outcome == "fail"


def test_another_repository_holds_nothing_of_the_run(tmp_path: Path) -> None:
    lab = make_repository(tmp_path / "lab")
    run = make_run(tmp_path / "runs")
    assert run_check(SEALED, run, repository=lab).outcome == "fail"
