"""The documents say what is there: commands, names, files, and promises in their wording."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import reportgen
from reportgen.audit.registry import CHECKS
from reportgen.cli.table import COMMANDS
from reportgen.config import load_settings

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return [body for kind, body in BLOCK.findall(text) if kind == language]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_first_lines_say_what_it_is_and_what_to_type() -> None:
    lines = [line for line in README.splitlines() if line]
    assert lines[0] == "# reportgen"
    assert lines[1].startswith("reportgen logs machine-learning runs")
    assert lines[2] == "```console"
    assert lines[3].startswith("$ make demo ")
    assert lines[4].startswith("$ make test ")


@pytest.mark.parametrize("name", [command.name for command in COMMANDS])
def test_every_command_has_a_documented_line(name: str) -> None:
    line = re.compile(rf"\breportgen {re.escape(name)}\b")
    assert any(line.search(text_of(path)) for path in DOCUMENTS)


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_no_document_promises_a_command_that_is_not_there(path: Path) -> None:
    typed = [line for block in blocks(text_of(path), "console") for line in block.splitlines()]
    promised = {match[1] for line in typed if (match := re.match(r"\$ reportgen ([a-z]+)\b", line))}
    assert promised <= {command.name for command in COMMANDS}


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_no_document_promises_a_name_that_is_not_there(path: Path) -> None:
    code = "\n".join(blocks(text_of(path), "python"))
    assert set(re.findall(r"\breportgen\.([a-z_]+)\(", code)) <= set(reportgen.__all__)


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text_of(path))
    local = [target for target in targets if "://" not in target and target[:7] != "mailto:"]
    assert [target for target in local if not (path.parent / target).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_nobody_is_sent_to_the_stranger_s_package(path: Path) -> None:
    assert not re.search(r"pip install (-\S+ )*['\"]?reportgen(?!-runs)\b", text_of(path))


def test_the_limit_of_the_audit_is_said() -> None:
    said = "The auditor reports consistency, not truth: the author of a folder can forge all of it."
    for name in ("SECURITY.md", "README.md"):
        assert said in " ".join(text_of(ROOT / name).split())


def test_the_coverage_of_public_checklists_is_of_checks_that_are_there() -> None:
    text = text_of(ROOT / "docs" / "coverage.md")
    named_checks = set(re.findall(r"`([a-z]+\.[a-z0-9-]+)`", text))
    assert named_checks - {check.id for check in CHECKS} == set()
    assert {check.id for check in CHECKS} - named_checks == set()


def test_each_item_of_a_checklist_is_covered_partly_or_not_observable() -> None:
    text = text_of(ROOT / "docs" / "coverage.md")
    rows = re.findall(
        r"^\| (?!item|badge|---)(.+?) \| (.+?) \| (.*?)\| (.*?)\|$", text, re.MULTILINE
    )
    assert len(rows) == 21 + 5 + 5 + 5
    for item, coverage, checks, rest in rows:
        assert coverage in ("covered", "partly", "not observable"), item
        assert bool(checks.strip()) is (coverage != "not observable"), item
        assert bool(rest.strip()) is (coverage != "covered"), item


def test_the_changelog_has_an_unreleased_section_or_this_version() -> None:
    headings = re.findall(r"^## \[(.+?)\]", text_of(ROOT / "CHANGELOG.md"), re.MULTILINE)
    assert headings[0] in ("Unreleased", reportgen.__version__)


def test_the_settings_of_the_readme_are_settings(tmp_path: Path) -> None:
    (block,) = blocks(README, "toml")
    (tmp_path / "reportgen.toml").write_text(block, encoding="utf-8")
    settings = load_settings(tmp_path, environ={})
    assert settings.goals == tomllib.loads(block)["goals"]


def test_the_code_of_the_readme_runs(tmp_path: Path) -> None:
    code = "\n".join(blocks(README, "python"))
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    (folder,) = (tmp_path / "runs" / "digits").iterdir()
    assert len((folder / "metrics.jsonl").read_text().splitlines()) == 100
    assert folder.name in result.stdout


def test_the_extras_of_the_readme_exist() -> None:
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]
    sentence = re.search(r"Extras: (.*?)\.\s", README, re.DOTALL)
    assert sentence
    named_extras = set(re.findall(r"`(\w+)`", sentence[1]))
    assert named_extras == set(project["optional-dependencies"])
