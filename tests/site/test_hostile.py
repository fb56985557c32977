"""Text of a run is never markup: a hostile site has the element tree of its harmless twin."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from site_runs import START
from site_tree import Node, tree_of

from reportgen.audit.registry import CHECKS
from reportgen.audit.report import (
    CATEGORIES,
    AuditReport,
    CategoryScore,
    CheckResult,
    Evidence,
    Gate,
    NextStep,
    Outcome,
    RunAudit,
    Score,
    Where,
)
from reportgen.config import Settings
from reportgen.runs.problems import Problem
from reportgen.runs.view import RunView
from reportgen.site.build import build_site
from reportgen.site.gather import Gathered
from reportgen.testing import make_run

HARMLESS = "plain words"
TEXTS = {
    "script": "<script>PWN()</script>",
    "attribute": '"><img src=x onerror=PWN()>',
    "handler": "' onmouseover='PWN()",
    "end of script": "</script><script>PWN()</script>",
    "comment": "<!--<script>",
    "cdata": "]]>",
    "ends": "</title></textarea></style></pre></svg>",
    "separators": "\u2028x\u2029y\u0085z",
    "templates": "{{7*7}} {% raw %} ${7*7} %s%n {0.__class__} {x!r}",
    "prototype": "__proto__",
    "constructor": "constructor",
    "scheme": "javascript:PWN()",
    "controls": "".join(map(chr, [*range(1, 10), *range(11, 32)])) + "\x7f\x80\x9b",
    "escapes": "\x1b]0;t\x07\x1b[2J\x1b]8;;javascript:x\x1b\\ \rover",
    "bidi": "\u202egnp.exe\u2066\u200b\ufeff\U000e0041",
    "workflow": "::error::x",
}


def hostile_run(root: Path, text: str, number: int = 0) -> Path:
    """A run with ``text`` in every slot that a page shows."""
    portable = re.sub(r"[/\\\x00]", "-", text)[:80]
    folder = make_run(
        root,
        f"run{number or ''}",
        project=None,
        group=None,
        run={
            "id": f"01K000000000{number}",
            "name": text,
            "project": text,
            "group": text,
            "tags": {text: text, "list": [text]},
            "notes": text,
            "stopped_early": text,
            "resumed_from": text,
            "dropped": {text: 3},
            "command": {"argv": ["train.py", text, f"--x={text}"], "cwd": text},
        },
        config={
            "lr": 0.1 + number,
            "kind": f"{number}{text}",
            text: text,
            "nested": {text: {"deep": text}},
            "list": [text, 1],
        },
        metrics=[
            {"step": step, "time": START + step, "metrics": {text: 0.5 - step / 100, "loss": 1.0}}
            for step in range(4)
        ],
        definitions={"metrics": {text: {"goal": "maximize", "split": "val", "unit": text}}},
        environment={
            "os": {text: text},
            "hardware": {"cpu": text, "gpus": [{"name": text, "memory_bytes": 1}]},
            "packages": {text: text},
            "variables": {text: text},
            "container": {"image": text, "digest": None},
            "not_available": {text: text},
        },
        git={
            "branch": text,
            "describe": text,
            "remote": text,
            "dirty": True,
            "untracked": [text],
            "left_out": [{"path": text, "bytes": 1, "sha256": "0" * 64}],
            "submodules": [{"path": text, "commit": text, "url": text}],
            "not_available": {text: text},
        },
        data={
            "inputs": [{"name": text, "path": text, "sha256": text, "version": {text: text}}],
            "splits": {text: {"count": 3}, "method": text},
        },
        files={
            "stdout.log": f"{text}\n",
            "stderr.log": f"{text}\n",
            "training.log": f"{text}\n",
            "git_diff.patch": f"diff --git a/x b/x\n@@ -1 +1 @@\n-{text}\n+{text}\n",
            "reproduce.sh": f"#!/bin/sh\n# {text}\n",
            "predictions/val.csv": 'id,label,prediction\n1,"{0}","{0}"\n'.format(
                text.replace('"', '""')
            ),
            "alerts.jsonl": json.dumps({"step": 1, "level": text, "title": text, "text": text})
            + "\n",
            f"tables/{portable}.csv": '"{0}"\n"{0}"\n'.format(text.replace('"', '""')),
            f"figures/{portable}_step_3.svg": f"<svg xmlns='x'>{text}</svg>",
        },
    )
    return folder


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Node]:
    return pages_with(tmp_path_factory.mktemp("twin"), HARMLESS)


def hostile_report(view: RunView, text: str) -> AuditReport:
    """Every check fails, with ``text`` for a message."""
    where = (Where(file=text, line=1, step=2, key=text),)
    checks = tuple(
        CheckResult(
            id=check.id,
            outcome=Outcome.FAIL,
            severity=check.severity,
            evidence=Evidence.E3,
            title=check.failure,
            message=text,
            remedy=text,
            command=text,
            where=where,
        )
        for check in CHECKS
    )
    step = NextStep(
        check=CHECKS[0].id, message=text, remedy=text, command=text, runs=(text,), settles=1
    )
    audit = RunAudit(
        id=view.id,
        name=view.name,
        path=view.folder.as_posix(),
        state=view.state,
        score=Score(low=10, high=20),
        level="L0",
        passed=False,
        categories={
            name: CategoryScore(passed=0, applicable=3, low=10, high=20, level="L0")
            for name in CATEGORIES
        },
        checks=checks,
        next_step=step,
    )
    return AuditReport(gate=Gate(passed=False), next_step=step, runs=(audit,))


def pages_with(folder: Path, text: str) -> dict[str, Node]:
    """Pages of a run and an audit that say ``text`` wherever they may."""
    run = hostile_run(folder / "runs", text)
    view = RunView(run).load()
    other = RunView(hostile_run(folder / "runs", text, 1)).load()
    gathered = Gathered(
        (view, other), hostile_report(view, text), (Problem("x", "error", text, text),)
    )
    build_site([], folder / "site", settings=Settings(), gathered=gathered)
    return {kind: tree_of(path) for kind, path in pages_of(folder / "site")}


def pages_of(site: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(site.rglob("*.html")):
        parts = path.relative_to(site).parts
        yield (parts[0] if len(parts) == 3 else "/".join(parts)), path


def shape(node: Node, depth: int = 0) -> list[str]:
    """One line an element: depth, name, classes and names of attributes."""
    kind = node.attributes.get("class", "")
    if kind == "noticed":
        return []  # an odd file name is noticed, and listed
    lines = [f"{'  ' * depth}{node.tag}.{kind} {' '.join(sorted(node.attributes))}"]
    for child in node.children:
        lines += shape(child, depth + 1)
    return lines


@pytest.mark.parametrize("name", TEXTS)
def test_the_element_tree_is_that_of_the_twin(
    name: str, twin: dict[str, Node], tmp_path: Path
) -> None:
    pages = pages_with(tmp_path, TEXTS[name])
    assert pages.keys() == twin.keys()
    for kind, page in pages.items():
        assert shape(page) == shape(twin[kind]), kind
        for node in page.walk():
            assert not any(attribute.startswith("on") for attribute in node.attributes)
            assert not node.attributes.get("href", "").strip().lower().startswith("javascript:")
    for path in (tmp_path / "site").rglob("*.html"):
        check_bytes(path.read_bytes().decode("utf-8"))
    for path in (tmp_path / "site" / "data").rglob("*.js"):
        check_data(path.read_bytes())


def check_bytes(html: str) -> None:
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", html)
    assert ">49<" not in html


def check_data(data: bytes) -> None:
    """A data file is one call with a string and strict JSON, in ASCII, without markup."""
    text = data.decode("ascii")
    assert re.fullmatch(r"reportgen\.put\(.*\);\n", text)
    assert not re.search(r"[<>&\x00-\x09\x0b-\x1f\x7f]", text)
    json.loads(f"[{text[len('reportgen.put(') : -len(');') - 1]}]", parse_constant=_refuse)


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def test_every_slot_is_shown(twin: dict[str, Node]) -> None:
    assert twin["runs"].all_text.count(HARMLESS) > 60
    assert HARMLESS in twin["index.html"].all_text
    assert HARMLESS in twin["runs/index.html"].all_text


def test_a_name_of_a_mebibyte_is_cut_with_its_length(tmp_path: Path) -> None:
    pages = pages_with(tmp_path, "a" * 2**17)
    assert "(131,072 characters)" in pages["runs"].all_text
    size = sum(path.stat().st_size for _, path in pages_of(tmp_path / "site"))
    assert size < 5_000_000
