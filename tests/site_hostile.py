"""A site with one text in every slot that a page shows: of runs, audit, reports and models."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from site_runs import START

from reportgen.audit.interface import Check
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
from reportgen.fs.documents import dump_yaml
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


def hostile_report(view: RunView, text: str, failing: Sequence[Check]) -> AuditReport:
    """Checks that fail, with ``text`` for a message."""
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
        for check in failing
    )
    step = NextStep(
        check=failing[0].id, message=text, remedy=text, command=text, runs=(text,), settles=1
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


def hostile_report_page(root: Path, text: str) -> None:
    """A report with ``text`` in its name and wherever Markdown takes text, escaped as such."""
    literal = re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)
    chart = dump_yaml({"metric": text, "title": text})
    table = dump_yaml({"metric": text, "metrics": ["loss"], "columns": [text], "title": text})
    fault = dump_yaml({"metric": "loss", text: text})
    (root / "reports").mkdir()
    name = re.sub(r"[/\\\x00-\x1f\x7f]", "-", text)[:60]
    (root / "reports" / f"{name}.md").write_text(
        f"# About {literal}\n\nIt is {literal} and **{literal}**.\n\n- {literal}\n\n> {literal}\n\n"
        f"[{literal}](https://example.org/) ![{literal}](gone.png)\n\n"
        f"| {literal} | b |\n|---|---|\n| {literal} | 1 |\n\n"
        f"```chart\n{chart}```\n\n```table\n{table}```\n\n```chart\n{fault}```\n",
        encoding="utf-8",
    )


def hostile_models(root: Path, text: str, run: str) -> None:
    """A registry with ``text`` for names, aliases, places and notes."""
    former = {"run": text, "checkpoint": text, "sha256": "b" * 64, "note": text}
    binding = {
        "run": run,
        "checkpoint": text,
        "sha256": "a" * 64,
        "metric": {"name": text, "value": text},
        "note": text,
        "history": [former],
    }
    models = {"schema": "reportgen.models/1", "models": {text: {text: binding}}}
    (root / "models.yaml").write_text(dump_yaml(models), encoding="utf-8")


def hostile_site(
    folder: Path, text: str, site: Path | None = None, checks: Sequence[Check] = CHECKS
) -> Path:
    """The site of two runs and an audit that say ``text`` wherever they may."""
    root = folder / "runs"
    view = RunView(hostile_run(root, text)).load()
    other = RunView(hostile_run(root, text, 1)).load()
    hostile_report_page(root, text)
    hostile_models(root, text, view.id)
    gathered = Gathered(
        (view, other), hostile_report(view, text, checks), (Problem("x", "error", text, text),)
    )
    site = site or folder / "site"
    build_site([], site, settings=Settings(), gathered=gathered)
    return site
