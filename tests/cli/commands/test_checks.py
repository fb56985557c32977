from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from reportgen.audit.registry import CHECKS
from reportgen.cli.main import main


def test_the_catalogue_has_a_line_for_every_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["checks"]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"{len(CHECKS)} checks")
    for check in CHECKS:
        assert f"  {check.severity.value}  {check.id}" in text
        assert check.title in text


def test_the_catalogue_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["checks", "--json"]) == 0
    entries = json.loads(capsys.readouterr().out)["checks"]
    assert [entry["id"] for entry in entries] == [check.id for check in CHECKS]
    assert {entry["weight"] for entry in entries} <= {10, 5, 3, 1}
    assert all(entry["why"] and entry["fix"] for entry in entries)


def test_one_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["checks", "metrics.series-finite"]) == 0
    assert "1 check, rules" in capsys.readouterr().out
    assert main(["checks", "metrics.finite"]) == 2


def test_the_document_is_made_of_the_checks(
    request: pytest.FixtureRequest, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``pytest --update-golden`` writes it again."""
    assert main(["checks", "--markdown"]) == 0
    text = capsys.readouterr().out
    assert re.findall(r"^### (.+)$", text, re.MULTILINE) == [check.id for check in CHECKS]
    assert all(check.why in text and check.fix in text for check in CHECKS)
    document = repository / "docs" / "checks.md"
    if request.config.getoption("--update-golden"):
        document.write_text(text, encoding="utf-8")
    assert document.read_text(encoding="utf-8") == text
