from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from planted_defects import DEFECTS
from planted_defects.lab import golden_lab
from planted_defects.trial import planted

from reportgen.audit.registry import CHECKS
from reportgen.testing import run_check

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "benchmarks" / "planted.py"
PAGE = ROOT / "docs" / "planted-defects.md"
ROW = re.compile(r"^\| (?P<what>[^|]+) \| `(?P<check>[\w.-]+)` \| ", re.MULTILINE)
SEEDED = "one of three libraries was seeded otherwise"
WRITE = "python benchmarks/planted.py --markdown docs/planted-defects.md"


def test_every_check_that_can_fail_offline_has_a_defect() -> None:
    offline = {check.id for check in CHECKS if "network" not in check.needs}
    assert {one.check for one in DEFECTS} == offline
    assert [what for what, count in Counter(one.what for one in DEFECTS).items() if count > 1] == []


def test_the_page_has_the_defects_and_the_checks_that_there_are() -> None:
    written = [match.group("what", "check") for match in ROW.finditer(PAGE.read_text("utf-8"))]
    order = {category: n for n, category in enumerate(dict.fromkeys(c.category for c in CHECKS))}
    there = sorted(DEFECTS, key=lambda one: order[one.category])
    assert written == [(one.what, one.check) for one in there], WRITE


@pytest.mark.slow
def test_the_page_says_what_comes_of_the_defects(tmp_path: Path) -> None:
    """All of them are planted and judged: none may be missed, no golden run raise an alarm."""
    page = tmp_path / "page.md"
    command = [sys.executable, str(SCRIPT), "--markdown", str(page)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert page.read_text("utf-8") == PAGE.read_text("utf-8"), WRITE


def test_a_defect_that_is_planted_without_its_cover_is_seen_by_the_seal(tmp_path: Path) -> None:
    """The cover is what makes the benchmark hard: what it hides is hidden from the seal alone."""
    defect = next(one for one in DEFECTS if one.what == SEEDED)
    lab = golden_lab("plain", tmp_path / "golden")
    covered = planted(defect, lab, tmp_path / "covered")
    assert run_check("artifacts.manifest-matches", covered.run).outcome == "pass"
    assert run_check(defect.check, covered.run).outcome == "fail"
    defect.plant(bare := lab.copied(tmp_path / "bare", defect.run))
    assert run_check("artifacts.manifest-matches", bare.run).outcome == "fail"


def test_a_defect_that_no_check_catches_is_missed_aloud() -> None:
    """A golden run with no defect in it, called one."""
    program = (
        "import sys; sys.path.insert(0, sys.argv.pop(1))\n"
        "import planted, planted_defects\n"
        "from planted_defects.defect import Defect\n"
        "nothing = Defect('nothing at all', 'code.commit-recorded', lambda lab: None)\n"
        "planted.DEFECTS = (nothing,)\n"
        "sys.exit(planted.main())\n"
    )
    command = [sys.executable, "-c", program, str(SCRIPT.parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "missed: nothing at all: code.commit-recorded says pass" in done.stderr
    assert "0 of 1 defects caught" in done.stdout
