from pathlib import Path
from typing import Any

import pytest
from audit.case import Case, assert_case, unchanged
from audit.fake_network import FakeNetwork

from reportgen.runs.lock_files import read_lock
from reportgen.testing import ABSENT, make_repository, make_run, run_check
from reportgen.testing.repositories import LOCK_FILE, PACKAGES, lock_file

COVERED = "environment.imports-covered"
PRESENT = "environment.lock-present"
MATCHES = "environment.lock-matches-freeze"
RESOLVABLE = "environment.lock-resolvable"
FROZEN = "environment.packages-frozen"
LOCK = "lock/uv.lock"
OWN_ONLY = 'version = 1\n\n[[package]]\nname = "digits"\nsource = { virtual = "." }\n'
BARE = 'version = 1\n\n[[package]]\nname = "numpy"\nversion = "2.4.6"\n'
HEX = "ab" * 32


def modules(**third_party: str | None) -> dict[str, Any]:
    return {"captured": {"modules": {"third_party": third_party}}}


def lock(text: str | None, name: str = LOCK) -> dict[str, Any]:
    files = {name: text} if name == LOCK else {LOCK: None, name: text}
    return {"files": files}


def packages(lines: str, **imported: Any) -> dict[str, Any]:
    return {"files": {"requirements.txt": lines}, "environment": {"packages": imported}}


def page(name: str, version: str, *digests: str, upload: str = "2025-01-01T00:00:00Z") -> Any:
    files = [
        {
            "filename": f"{name}-{version}-{number}.whl",
            "hashes": {"sha256": digest},
            "upload-time": upload,
        }
        for number, digest in enumerate(digests)
    ]
    return {"files": files}


def index(**changed: Any) -> FakeNetwork:
    """An index that lists every locked file, but for what is changed."""
    known = {one.name: one for one in read_lock("uv.lock", LOCK_FILE.encode()).foreign}
    pages = {name: page(name, str(one.version), *one.sha256) for name, one in known.items()}
    pages |= changed
    return FakeNetwork(pages={f"https://pypi.org/simple/{n}/": p for n, p in pages.items()})


CONDA = f"""version: 1
package:
- {{name: numpy, version: 2.4.6, manager: conda, platform: linux-64, hash: {{sha256: {HEX}}}}}
- {{name: torch, version: 2.13.0, manager: pip, platform: linux-64, hash: {{sha256: {HEX}}}}}
"""
PYLOCK = "".join(
    f'[[packages]]\nname = "{name}"\nversion = "{version}"\n'
    f'wheels = [{{ name = "x.whl", hashes = {{ sha256 = "{HEX}" }} }}]\n'
    for name, version in PACKAGES.items()
)
HASHED = "".join(
    f"{name}=={version} \\\n    --hash=sha256:{HEX}\n" for name, version in PACKAGES.items()
)
NUMPY, TORCH = "numpy==2.4.6  # index\n", "torch==2.13.0+cpu  # index\n"

CASES = (
    Case(COVERED, "passes", "2 modules, each of a listed package"),
    Case(
        COVERED,
        "passes",
        "3 modules",
        {
            **modules(yaml="PyYAML"),
            "files": {"requirements.txt": f"{NUMPY}{TORCH}pyyaml==6.0  # index\n"},
            "environment": {"packages": {"torch": "2.13.0+cpu", "pyyaml": "6.0"}},
        },
        name="spelling",
    ),
    Case(COVERED, "fails", "3 of 5 modules", modules(a=None, b=None, c="other")),
    Case(COVERED, "fails", "not recorded", {"captured": {"modules": None}}, name="no-record"),
    Case(
        COVERED,
        "partly",
        "1 of 3 modules not covered: patched (of no package)",
        modules(patched=None),
    ),
    # A module was loaded of a package that is installed, and said not to have been imported.
    Case(
        COVERED,
        "partly",
        "torch (loaded, torch is not among the imported packages)",
        {"environment": {"packages": {"torch": ABSENT}}},
        name="not-imported",
    ),
    # The list of modules is empty, and packages were imported.
    Case(
        COVERED,
        "cheats",
        "no module, but packages were imported: numpy, torch",
        modules(numpy=ABSENT, torch=ABSENT),  # type: ignore[arg-type]
    ),
    Case(
        COVERED,
        "cheats",
        "(no module of it)",
        {
            **modules(torch=ABSENT),  # type: ignore[arg-type]
            "files": {"requirements.txt": NUMPY + TORCH + "a==1  # index\nb==1  # index\n"},
            "environment": {"packages": {"torch": "2.13.0+cpu", "a": "1", "b": "1"}},
        },
        name="fewer-modules",
    ),
    Case(
        COVERED,
        "not-applicable",
        "no module of a package",
        {**modules(numpy=ABSENT, torch=ABSENT), "environment": {"packages": None}},  # type: ignore[arg-type]
    ),
    Case(
        COVERED,
        "inconclusive",
        "a fork",
        {"captured": {"modules": {"not_available": {"third_party": "a fork"}}}},
    ),
    Case(
        COVERED,
        "inconclusive",
        "",
        {"files": {"requirements.txt": None}},
        more={"blocked_by": FROZEN},
        name="no-list",
    ),
    Case(
        PRESENT,
        "passes",
        "uv.lock, 2 packages, each with hashes",
        before=unchanged,
        more={"evidence": "E3"},
    ),
    Case(PRESENT, "passes", "", more={"evidence": "E2"}, name="without-repository"),
    Case(PRESENT, "passes", "conda-lock.yml", lock(CONDA, "lock/conda-lock.yml"), name="conda"),
    Case(PRESENT, "passes", "pylock.toml", lock(PYLOCK, "lock/pylock.toml"), name="pylock"),
    Case(PRESENT, "passes", "locked.txt", lock(HASHED, "lock/locked.txt"), name="requirements"),
    Case(PRESENT, "fails", "there is no lock file", lock(None)),
    Case(PRESENT, "partly", "no hash for 1 of 1 package: numpy", lock(BARE)),
    # A file of the right name that locks nothing, is no lock, or is not the one of the tree.
    Case(PRESENT, "cheats", "locks no package from elsewhere", lock(OWN_ONLY)),
    Case(PRESENT, "cheats", "is not of its format", lock("locked: yes\n"), name="no-lock"),
    Case(PRESENT, "cheats", "locks no package", lock(""), name="empty"),
    Case(
        PRESENT,
        "cheats",
        "not the lock of the recorded tree: uv.lock",
        lock(lock_file({**PACKAGES, "numpy": "2.4.7"})),
        before=unchanged,
        name="another",
    ),
    Case(MATCHES, "passes", "2 imported packages as in uv.lock"),
    Case(
        MATCHES,
        "passes",
        "2 imported packages",
        packages(NUMPY + TORCH, torch="2.13.0+cpu"),
        name="local-label",
    ),
    Case(
        MATCHES,
        "passes",
        "as in",
        packages(f"{NUMPY}torch==2.13.0  # index\nlab==1.0  # this repository\n", lab="1.0"),
        name="own",
    ),
    Case(
        MATCHES,
        "fails",
        "torch 2.13.0 locked, 2.12.0 ran",
        packages(f"{NUMPY}torch==2.12.0  # index\n", torch="2.12.0"),
    ),
    Case(
        MATCHES,
        "partly",
        "of packages that were not imported: torch 2.13.0 locked, 2.12.0 installed",
        packages(f"{NUMPY}torch==2.12.0  # index\n", torch=ABSENT),
    ),
    # A lock with hashes, of another project.
    Case(
        MATCHES,
        "cheats",
        "numpy not locked, 2.4.6 ran",
        lock(lock_file({"click": "8.1.8"})),
    ),
    Case(
        MATCHES,
        "not-applicable",
        "no package was imported",
        {"environment": {"packages": {"numpy": ABSENT, "torch": ABSENT}}},
    ),
    Case(MATCHES, "inconclusive", "", lock(None), more={"blocked_by": PRESENT}),
    Case(
        MATCHES,
        "inconclusive",
        "another process",
        {"environment": {"packages": None, "not_available": {"packages": "another process"}}},
        name="imports-unknown",
    ),
    Case(RESOLVABLE, "inconclusive", "were not asked"),
    Case(RESOLVABLE, "inconclusive", "", lock(None), more={"blocked_by": PRESENT}, name="no-lock"),
    Case(
        RESOLVABLE,
        "inconclusive",
        "2 of 2 packages not answered for",
        network=FakeNetwork(),
        name="out-of-reach",
    ),
    Case(
        RESOLVABLE,
        "inconclusive",
        "not answered for",
        lock(LOCK_FILE.replace("pypi.org", "evil.example.org")),
        network=index(),
        name="index-of-the-run",
    ),
    Case(
        RESOLVABLE,
        "passes",
        "2 packages of uv.lock, every file listed under its hash",
        network=index(),
        more={"evidence": "E4"},
    ),
    Case(RESOLVABLE, "fails", "1 of 2 packages gone: torch", network=index(torch=None)),
    Case(
        RESOLVABLE,
        "partly",
        "under another hash",
        network=index(torch=page("torch", "2.13.0", HEX)),
    ),
    Case(
        RESOLVABLE,
        "partly",
        "or later: torch",
        network=index(
            torch=page(
                "torch",
                "2.13.0",
                *read_lock("uv.lock", LOCK_FILE.encode()).packages[2].sha256,
                upload="2026-12-01T00:00:00Z",
            )
        ),
        name="uploaded-later",
    ),
    # The index has a page of that name: other versions alone.
    Case(
        RESOLVABLE,
        "cheats",
        "1 of 2 packages gone: torch",
        network=index(torch=page("torch", "1.0", HEX)),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    assert_case(case, tmp_path)


def test_an_index_that_the_policy_does_not_name_is_never_asked(tmp_path: Path) -> None:
    text = LOCK_FILE.replace("pypi.org", "evil.example.org")
    network = FakeNetwork()
    run_check(RESOLVABLE, make_run(tmp_path, **lock(text)), network=network)  # type: ignore[arg-type]
    assert not [place for place in network.asked if "evil" in place]


def test_of_several_versions_the_one_that_was_installed_is_asked_for(tmp_path: Path) -> None:
    newer = lock_file({"numpy": "2.5.0"}).partition("[[package]]")[2].partition("[[package]]")[2]
    run = make_run(tmp_path, **lock(f"{LOCK_FILE}[[package]]{newer}"))
    result = run_check(RESOLVABLE, run, network=index())  # type: ignore[arg-type]
    assert (result.outcome, result.inspected) == ("pass", 2)


def test_of_several_locks_the_one_that_fits_counts(tmp_path: Path) -> None:
    lab = make_repository(tmp_path / "lab")
    files = {"lock/poetry.lock": lock_file({"click": "8.1.8"})}
    run = make_run(lab / "runs", repository=lab, files=files)
    assert run_check(MATCHES, run).outcome == "pass"
