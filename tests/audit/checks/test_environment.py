from pathlib import Path

import pytest
from audit.case import Case, assert_case

from reportgen.audit.checks.environment import requirements_of
from reportgen.testing import ABSENT

PYTHON = "environment.python-recorded"
PACKAGES = "environment.packages-frozen"
HARDWARE = "environment.hardware-recorded"


def python(**changed: object) -> dict[str, object]:
    return {"environment": {"python": changed}}


def hardware(**changed: object) -> dict[str, object]:
    return {"environment": {"hardware": changed}}


def requirements(text: str | None) -> dict[str, object]:
    return {"files": {"requirements.txt": text}}


CASES = (
    Case(PYTHON, "passes", "CPython 3.11.7, cp311"),
    Case(
        PYTHON,
        "passes",
        "PyPy 3.11.13, pypy311-pp73",
        python(version="3.11.13", implementation="PyPy", abi="pypy311-pp73"),
        name="pypy",
    ),
    Case(
        PYTHON,
        "fails",
        "there is no environment.yaml",
        {"environment": None},
        more={"evidence": "E0"},
    ),
    Case(PYTHON, "fails", "python.version is null", {"environment": {"python": None}}, name="null"),
    Case(PYTHON, "partly", "version 3.11.7, without abi", python(abi="")),
    Case(
        PYTHON,
        "partly",
        "without implementation and abi",
        {"environment": {"python": "3.12.1"}},
        name="bare",
    ),
    # Words in the right places.
    Case(PYTHON, "cheats", "python.version is 'unknown'", python(version="unknown")),
    Case(PYTHON, "cheats", "contradict each other", python(version="3.12.1"), name="two-versions"),
    Case(
        PYTHON,
        "inconclusive",
        "no permission",
        {"environment": {"python": None, "not_available": {"python": "no permission"}}},
    ),
    Case(PACKAGES, "passes", "2 packages, each with version and source"),
    Case(
        PACKAGES,
        "passes",
        "4 packages",
        requirements(
            "numpy==2.4.6  # index\ntorch==2.13.0  # conda\nlab @ git+https://example.org/l.git@0123abc\n"
            "Trainer_x==0.1.dev0  # this repository\n"
        ),
        name="every-form",
    ),
    Case(PACKAGES, "fails", "there is no requirements.txt", requirements(None)),
    Case(
        PACKAGES,
        "partly",
        "2 of 2 without version or source: numpy, torch",
        requirements("numpy\ntorch>=2\n"),
    ),
    Case(
        PACKAGES,
        "partly",
        "imported but not listed: torch",
        requirements("numpy==2.4.6  # index\n"),
        name="one-short",
    ),
    Case(
        PACKAGES,
        "partly",
        "1 of 3 without version or source: mine",
        requirements(
            "numpy==2.4.6  # index\ntorch==2.13.0  # index\nmine==1.0  # a local folder\n"
        ),
        name="local",
    ),
    # A file of the right name that freezes nothing, and one that freezes something else.
    Case(PACKAGES, "cheats", "names no package", requirements("# nothing\n\n-r others.txt\n")),
    Case(
        PACKAGES,
        "cheats",
        "torch 2.13.0 ran, 2.4.0 is listed",
        requirements("numpy==2.4.6  # index\ntorch==2.4.0  # index\n"),
        name="another-version",
    ),
    Case(
        PACKAGES,
        "inconclusive",
        "took too long",
        {**requirements(None), "environment": {"not_available": {"packages": "took too long"}}},
    ),
    Case(HARDWARE, "passes", "2 cores, 0 GPUs"),
    Case(
        HARDWARE,
        "passes",
        "1 GPU",
        hardware(gpus=[{"name": "A100", "memory_bytes": 1}]),
        name="gpu",
    ),
    Case(HARDWARE, "fails", "there is no environment.yaml", {"environment": None}),
    Case(HARDWARE, "partly", "not recorded: hardware.gpus", hardware(gpus=None)),
    Case(
        HARDWARE, "partly", "hardware.memory_bytes", hardware(memory_bytes=ABSENT), name="no-memory"
    ),
    # Every key is there, and none says anything.
    Case(
        HARDWARE,
        "cheats",
        "not recorded: os, hardware.cpu, hardware.cores",
        {
            "files": {
                "environment.yaml": "os: {system: ''}\n"
                "hardware: {cpu: ' ', cores: 0, memory_bytes: 0, gpus: [{name: ''}]}\n"
            }
        },
    ),
    Case(
        HARDWARE,
        "inconclusive",
        "hardware.gpus not available",
        {
            "environment": {
                "hardware": {"gpus": None},
                "not_available": {"hardware.gpus": "a driver, no library"},
            }
        },
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    assert_case(case, tmp_path)


def test_requirements_are_read_line_by_line() -> None:
    text = "a==1.0  # index\n\n# note\nb\nC.d_e @ https://example.org/c.whl\nf @ file:///home/f\n"
    found = [(one.name, one.version, one.sourced, one.line) for one in requirements_of(text)]
    assert found == [
        ("a", "1.0", True, 1),
        ("b", None, False, 4),
        ("c-d-e", None, True, 5),
        ("f", None, False, 6),
    ]
