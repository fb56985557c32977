"""A report made by hand: every outcome, so that outputs do not depend on which checks there are."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec.structs import replace

from reportgen.audit.report import (
    CATEGORIES,
    Advice,
    AuditReport,
    Base,
    CategoryScore,
    CheckChange,
    CheckResult,
    Comparison,
    DeletedRun,
    Evidence,
    Exemption,
    Gate,
    GateReason,
    NextStep,
    Outcome,
    RunAudit,
    Score,
    Severity,
    Where,
)
from reportgen.runs.problems import Problem

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=PWN()>',
    "a\n::set-env name=PATH::x",
    "::error::injected",
    "##[command]x",
    "%0A::add-mask::a",
    "@everyone #1 ![](http://e/t.gif) | </details> ``` ````",
    "[x](javascript:alert(1)) www.example.org GH-12 a@example.org",
    "{0} {{1}} {a} \\{ \\[x](y) %s ${7*7}",
    "\\| \\\\| ` `` \\` ",
    "\x00\x01\x1b[2J\x7f\x9b\ufffe\uffff",
    "\u202egnp.exe\u2066\u200b\ufeff\u2028\u2029\u0085",
    "\udcff\ud800",
    "</table></code></pre>]]>&amp;&#64;",
    "- [ ] task\n\n# heading\n> quote\n| a | b |\n|---|---|",
    "`" * 300,
    "x" * 100_000,
    "",
    " ",
    "日本語 🎉",
)
"""Text that somebody might name a run, a metric or a file by."""


@dataclass(frozen=True)
class Words:
    """The words of other people in a report."""

    name: str = "mlp_digits"
    message: str = "train/loss is NaN at step 60"
    file: str = "metrics.jsonl"
    note: str = "models are kept elsewhere"


PLAIN = Words()


def result(check: str, outcome: Outcome, severity: Severity, **more: object) -> CheckResult:
    """A result of a check."""
    facts: dict[str, object] = {
        "evidence": Evidence.E3,
        "title": f"What {check} is about",
        "message": "as it was found",
        "remedy": "" if outcome is Outcome.PASS else "Do what helps",
        **more,
    }
    return CheckResult(id=check, outcome=outcome, severity=severity, **facts)  # type: ignore[arg-type]


def results(words: Words) -> tuple[CheckResult, ...]:
    """One result of every kind."""
    exemption = Exemption(
        check="artifacts.checkpoint-present",
        reason="accepted",
        by="A. Person",
        until="2099-12-31",
        note=words.note,
    )
    return (
        result("hyperparameters.config-parses", Outcome.PASS, Severity.B),
        result("hyperparameters.config-resolved", Outcome.PARTIAL, Severity.H),
        result(
            "metrics.series-finite",
            Outcome.FAIL,
            Severity.H,
            message=words.message,
            where=(
                Where(file=words.file, step=60),
                Where(file="config.yaml", line=3, key="lr"),
                Where(file="repository:configs/mlp.yaml"),
            ),
        ),
        result(
            "metrics.run-completed",
            Outcome.FAIL,
            Severity.B,
            evidence=Evidence.E2,
            message=words.message,
            command="reportgen.start_run(resume='mlp_digits')",
        ),
        result("metrics.not-diverged", Outcome.FAIL, Severity.M, cause="metrics.series-finite"),
        result(
            "metrics.summary-recomputes",
            Outcome.INCONCLUSIVE,
            Severity.H,
            blocked_by="metrics.run-completed",
            cause="metrics.run-completed",
            inspected=0,
        ),
        result("artifacts.checkpoint-present", Outcome.EXEMPT, Severity.H, exemption=exemption),
        result("code.commit-exists", Outcome.INCONCLUSIVE, Severity.H, evidence=Evidence.E0),
        result("code.patch-applies", Outcome.NOT_APPLICABLE, Severity.H, inspected=0, remedy=""),
        result("environment.python-recorded", Outcome.ERROR, Severity.B, evidence=Evidence.E0),
    )


def run_audit(words: Words, *, checks: tuple[CheckResult, ...], number: int) -> RunAudit:
    """A run with some results."""
    stopped = any(one.outcome is Outcome.FAIL and one.severity is Severity.B for one in checks)
    score = CategoryScore(passed=1, applicable=2, low=50, high=75, level="L1")
    advice = Advice(topic="tags", message="no tags", remedy="Tag it")
    return RunAudit(
        id=f"01RUN{number}",
        name=words.name,
        path=f"runs/digits/run{number}",
        place=f"runs/digits/run{number}",
        state="finished",
        score=Score(low=50, high=75),
        level="L0" if stopped else "L2",
        passed=not stopped,
        categories=dict.fromkeys(CATEGORIES, score),
        checks=checks,
        next_step=None,
        facts=("uncommitted work: a.py, kept in the patch",),
        advice=(advice,),
        problems=(Problem("log.bad_line", "error", words.file, words.message, 7),),
    )


def make_report(words: Words = PLAIN) -> AuditReport:
    """Two runs: one with a result of every kind, one that passes."""
    bad = run_audit(words, checks=results(words), number=1)
    fine = run_audit(words, checks=results(words)[:1], number=2)
    reason = GateReason(
        run=bad.name, path=bad.path, check="metrics.run-completed", message=words.message
    )
    least = GateReason(run=bad.name, path=bad.path, check=None, message="the score is 50")
    step = NextStep(
        check="metrics.run-completed",
        message=words.message,
        remedy="Run it again",
        command="reportgen.start_run(resume='mlp_digits')",
        runs=(bad.name,),
        settles=2,
    )
    return AuditReport(
        gate=Gate(passed=False, reasons=(reason, least), warnings=1),
        next_step=step,
        runs=(bad, fine),
        problems=(Problem("run.unreadable", "error", "runs/newer", words.message),),
    )


def make_change(words: Words = PLAIN) -> AuditReport:
    """The same as a change beside its base: one run worse, one added, two deleted."""
    report = make_report(words)
    bad, fine = report.runs
    worse = CheckChange(check="metrics.series-finite", was=Outcome.PASS, now=Outcome.FAIL)
    better = CheckChange(check="code.commit-exists", was=Outcome.FAIL, now=Outcome.INCONCLUSIVE)
    comparison = Comparison(
        change="changed", score=60, level="L1", worse=(worse,), better=(better,)
    )
    gone = (
        DeletedRun(id="01RUN8", name=words.name, place="runs/old", passed=True),
        DeletedRun(
            id="01RUN9",
            name=words.name,
            place="runs/older",
            passed=False,
            failing=("metrics.run-completed",),
        ),
    )
    rules = Problem("audit.config_changed", "warning", "audit.yaml", words.message)
    return replace(
        report,
        runs=(
            replace(bad, comparison=comparison),
            replace(fine, comparison=Comparison(change="added")),
        ),
        base=Base(
            revision="main", commit="0123456789abcdef" * 2 + "01234567", same=3, deleted=gone
        ),
        problems=(*report.problems, rules),
    )


def every_slot(text: str) -> Words:
    """The same text in every place that holds words of other people."""
    return Words(name=text, message=text, file=text, note=text)
