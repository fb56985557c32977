import os
from hashlib import sha256
from pathlib import Path

import orjson
import pytest
from audit.case import Case, assert_case, unchanged

from reportgen.runs.writer import seal
from reportgen.testing import ABSENT, make_repository, make_run, run_check
from reportgen.testing.media import checkpoint_bytes

PRESENT = "artifacts.manifest-present"
MATCHES = "artifacts.manifest-matches"
CHECKPOINT = "artifacts.checkpoint-present"
LOGS = "artifacts.logs-captured"
FILES = 27  # of the golden run, those that are sealed
LAST = "checkpoints/checkpoint_epoch_9.pt"
KILLED = {"run": {"status": "running", "ended": None, "exit_code": None}, "sealed": False}


def without_seal(run: Path) -> None:
    (run / "manifest.json").unlink()


def edited_manifest(run: Path, change: object) -> None:
    path = run / "manifest.json"
    manifest = orjson.loads(path.read_bytes())
    change(manifest["files"])  # type: ignore[operator]
    path.write_bytes(orjson.dumps(manifest))


def sealed_but_for(*paths: str):  # type: ignore[no-untyped-def]
    return lambda run: edited_manifest(
        run,
        lambda files: files.__setitem__(slice(None), [f for f in files if f["path"] not in paths]),
    )


def with_false_hashes(run: Path) -> None:
    edited_manifest(run, lambda files: [entry.update(sha256="none") for entry in files])


def emptied(run: Path) -> None:
    edited_manifest(run, lambda files: files.clear())


def flipped(path: str):  # type: ignore[no-untyped-def]
    """Change one byte of a file and leave its size and times as they are."""

    def change(run: Path) -> None:
        data = bytearray((run / path).read_bytes())
        data[len(data) // 2] ^= 1
        times = (run / path).stat()
        (run / path).write_bytes(data)
        os.utime(run / path, ns=(times.st_atime_ns, times.st_mtime_ns))

    return change


def removed(*paths: str):  # type: ignore[no-untyped-def]
    def change(run: Path) -> None:
        for path in paths:
            (run / path).unlink()

    return change


def as_pointer(run: Path) -> None:
    digest = sha256((run / LAST).read_bytes()).hexdigest()
    (run / LAST).write_text(
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize 1234567\n"
    )


def elsewhere(run: Path) -> None:
    (run / LAST).unlink()
    edited_manifest(
        run,
        lambda files: next(one for one in files if one["path"] == LAST).update(
            uri="https://example.org/model.pt"
        ),
    )


def rewritten(run: Path) -> None:
    """Another model, described and sealed as the old one by its description."""
    (run / LAST).write_bytes(checkpoint_bytes(3))
    removed("checkpoints/checkpoint_epoch_8.pt", "checkpoints/checkpoint_epoch_8.json")(run)
    seal(run)


def git_ignores_models(repository: Path) -> None:
    (repository / ".gitignore").write_text("*.pt\n")


CASES = (
    Case(PRESENT, "passes", f"{FILES} files, all sealed"),
    Case(
        PRESENT, "fails", "there is no manifest.json", change=without_seal, more={"cause": MATCHES}
    ),
    Case(
        PRESENT,
        "partly",
        f"1 of {FILES} files not sealed: metrics.jsonl",
        change=sealed_but_for("metrics.jsonl"),
    ),
    Case(PRESENT, "cheats", f"{FILES} of {FILES} files", change=emptied),
    Case(
        PRESENT, "cheats", f"{FILES} of {FILES} files", change=with_false_hashes, name="no-hashes"
    ),
    Case(PRESENT, "inconclusive", "no end", KILLED, more={"blocked_by": "metrics.run-completed"}),
    Case(MATCHES, "passes", f"{FILES} files, all equal"),
    Case(
        MATCHES,
        "fails",
        "config.yaml has 108 bytes, sealed with",
        change=lambda run: (run / "config.yaml").write_text("lr: 0.2\n" + "x: 12345\n" * 11 + "\n"),
    ),
    Case(MATCHES, "fails", "config.yaml missing", change=removed("config.yaml"), name="missing"),
    Case(MATCHES, "fails", "there is no seal", change=without_seal, name="unsealed"),
    # Same size, same times: only the bytes tell.
    Case(MATCHES, "cheats", f"{LAST} has sha256", change=flipped(LAST)),
    Case(MATCHES, "cheats", "the seal lists no file", change=emptied, name="empty-seal"),
    Case(MATCHES, "inconclusive", "kept elsewhere", change=elsewhere, name="elsewhere"),
    Case(MATCHES, "inconclusive", "a Git LFS pointer", change=as_pointer, name="pointer"),
    Case(
        MATCHES,
        "inconclusive",
        "absent and ignored by git",
        before=git_ignores_models,
        change=removed(LAST),
        name="ignored",
    ),
    Case(
        MATCHES,
        "fails",
        f"{LAST} missing",
        before=unchanged,
        change=removed(LAST),
        name="not-ignored",
    ),
    Case(MATCHES, "inconclusive", "no end", KILLED, name="killed"),
    Case(CHECKPOINT, "passes", f"{LAST} is the last of 2 checkpoints"),
    Case(
        CHECKPOINT,
        "passes",
        "checkpoint_epoch_8.pt is the best of 1 checkpoint",
        {
            "summary": {},
            "metrics": b"".join(
                orjson.dumps({"step": step, "time": 1.0, "metrics": {"val/accuracy": value}})
                + b"\n"
                for step, value in ((0, 0.5), (107, 0.9019), (400, 0.6))
            ),
            "files": {
                "checkpoints/checkpoint_epoch_8.json": orjson.dumps(
                    {
                        "epoch": 8,
                        "step": 107,
                        "metric": {"name": "val/accuracy", "value": 0.9019},
                        "sha256": sha256(checkpoint_bytes(8)).hexdigest(),
                    }
                ).decode()
            },
        },
        change=removed(LAST, LAST.replace(".pt", ".json")),
        name="best",
    ),
    Case(CHECKPOINT, "fails", "there is no checkpoint", {"checkpoints": False}),
    Case(
        CHECKPOINT,
        "partly",
        "neither the last nor the best",
        {"files": {LAST: None, LAST.replace(".pt", ".json"): None}, "run": {"planned": None}},
        change=lambda run: None,
    ),
    Case(
        CHECKPOINT,
        "partly",
        "has no description",
        {"checkpoints": False, "files": {"checkpoints/model.pt": checkpoint_bytes(9)}},
        name="undescribed",
    ),
    Case(
        CHECKPOINT,
        "partly",
        "only elsewhere",
        change=lambda run: (elsewhere(run), removed("checkpoints/checkpoint_epoch_8.pt")(run)),
        name="elsewhere",
    ),
    # The one before is whole, and it is the last one that people take.
    Case(
        CHECKPOINT, "partly", f"as described; {LAST} has sha256", change=flipped(LAST), name="last"
    ),
    Case(
        CHECKPOINT,
        "partly",
        "checkpoint_epoch_9.json describes a checkpoint that is not here",
        change=removed(LAST),
        name="described-and-gone",
    ),
    Case(
        CHECKPOINT,
        "partly",
        f"{LAST} has no description that names its hash",
        change=removed(LAST.replace(".pt", ".json")),
        name="description-gone",
    ),
    # A file of the right name that the description does not describe.
    Case(CHECKPOINT, "cheats", "has sha256", change=rewritten),
    Case(
        CHECKPOINT,
        "cheats",
        "is empty",
        {"checkpoints": False, "files": {"checkpoints/checkpoint_epoch_9.pt": b""}},
        name="empty",
    ),
    Case(CHECKPOINT, "not-applicable", "kind evaluation", {"run": {"kind": "evaluation"}}),
    Case(CHECKPOINT, "inconclusive", "no checkpoint yet", {**KILLED, "checkpoints": False}),
    Case(LOGS, "passes", "stderr.log 0 bytes"),
    Case(
        LOGS,
        "partly",
        "training.log does not hold the record of the run's start",
        {"files": {"training.log": "another run started\n"}},
        name="log-of-another",
    ),
    Case(
        LOGS,
        "partly",
        "training.log has 8 bytes, 500 when the run ended",
        {
            "files": {"training.log": "started\n"},
            "captured": {"exit": {"streams": {"training": {"bytes": 500}}}},
        },
        name="log-cut",
    ),
    Case(
        LOGS,
        "fails",
        "stdout.log is missing",
        {"files": dict.fromkeys(("stdout.log", "stderr.log", "training.log"))},
    ),
    Case(LOGS, "partly", "stdout.log is missing", {"files": {"stdout.log": None}}),
    Case(
        LOGS,
        "partly",
        "stdout.log lost 12 bytes",
        {"captured": {"exit": {"streams": {"stdout": {"lost": 12}}}}},
        name="lost",
    ),
    # Three files of the right names, none of which holds what the run said.
    Case(
        LOGS,
        "cheats",
        "stdout.log has 0 bytes, 5,000 when the run ended",
        {
            "files": {"stdout.log": "", "stderr.log": "", "training.log": "\n"},
            "captured": {"exit": {"streams": {"stdout": {"bytes": 5000}, "stderr": {"bytes": 7}}}},
        },
    ),
    Case(
        LOGS,
        "cheats",
        "has no size recorded",
        {"captured": {"exit": {"streams": ABSENT}}, "files": {"training.log": ""}},
        name="no-sizes",
    ),
    Case(LOGS, "inconclusive", "no end", KILLED, more={"blocked_by": "metrics.run-completed"}),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    assert_case(case, tmp_path)


def test_what_lies_outside_the_seal_is_no_gap(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    (run / "labels.yaml").write_text("notes: kept\n")
    (run / "reproductions").mkdir()
    (run / "reproductions" / "1.yaml").write_text("run: x\n")
    assert run_check(PRESENT, run).outcome == "pass"
    assert run_check(MATCHES, run).outcome == "pass"


def test_a_link_in_place_of_a_sealed_file_is_not_followed(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    kept = tmp_path / "kept"
    (run / "config.yaml").rename(kept)
    (run / "config.yaml").symlink_to(kept)
    result = run_check(MATCHES, run)
    assert (result.outcome, result.message) == ("fail", "config.yaml is no regular file now")


def test_a_sealed_path_outside_the_folder_is_never_read(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    outside = tmp_path / "outside.txt"
    outside.write_text("secret")
    entry = {"path": "../../../outside.txt", "bytes": 6, "sha256": sha256(b"secret").hexdigest()}
    edited_manifest(run, lambda files: files.append(entry))
    result = run_check(MATCHES, run)
    assert (result.outcome, result.message) == ("fail", "../../../outside.txt missing")


def test_another_repository_ignores_nothing_of_the_run(tmp_path: Path) -> None:
    lab = make_repository(tmp_path / "lab")
    git_ignores_models(lab)
    run = make_run(tmp_path / "runs")
    removed(LAST)(run)
    assert run_check(MATCHES, run, repository=lab).outcome == "fail"
