"""Was the run repeated, in part or by somebody else, and what came out?"""

from __future__ import annotations

from collections.abc import Sequence

from reportgen.audit.evidence import at, counted, last_step
from reportgen.audit.interface import AuditContext, Check, CheckResult, Evidence, Severity, Where
from reportgen.audit.replays import Replay, replays_of
from reportgen.audit.ssh_signature import parse_signature, public_key
from reportgen.errors import UnreadableError
from reportgen.runs import layout
from reportgen.runs.view import RunView

_LINE = "reportgen reproduce RUN --steps 20"


class ReplayPrefix(Check):
    """A replay of the first steps, in an environment made anew, gave the recorded values."""

    id = "environment.replay-prefix"
    severity = Severity.H
    title = "A replay of the beginning gave the recorded values"
    failure = "A replay of the beginning gave other values"
    why = "Twenty steps that come out alike say more than any record: data, code and seeds fit."
    fix = "Replay the first steps; it takes a minute or two and leaves the repository as it is"
    command = _LINE
    needs = ("folder", "replay")
    evidence = Evidence.E5
    at_end = True

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        replays = replays_of(view, context.policy.signers)
        concluded = [one for one in replays if one.concluded]
        if not concluded:
            tried = f", {counted(len(replays), 'attempt')} came to no end" if replays else ""
            return self.inconclusive(f"not replayed{tried}", remedy=self.fix, command=_LINE)
        limits = context.policy.tolerances
        latest = max(concluded, key=_moment)
        where = [Where(file=latest.place)]
        count = len(concluded)
        entry = latest.entry
        if entry.verdict == "diverges":
            return self.failed(_divergence(latest), inspected=count, where=where)
        fault = latest.fault(limits.replay_band)
        if fault:
            return self.failed(f"{latest.place} {fault}", inspected=count, where=where)
        extent = "to the end" if entry.steps is None else f"over {counted(entry.steps, 'step')}"
        said = f"{entry.verdict} {extent}"
        short = entry.steps is not None and entry.steps < min(
            limits.replay_steps, last_step(view) + 1
        )
        if short:
            message = f"{said}, the policy asks for {limits.replay_steps}"
            return self.partial(message, inspected=count, where=where)
        if entry.cold is not True:
            message = f"{said}, in the environment that was there already"
            remedy = "Replay in an environment made anew from the record"
            return self.partial(message, inspected=count, where=where, remedy=remedy, command=_LINE)
        return self.passed(f"{said}, in an environment made anew", inspected=count, where=where)


def _moment(replay: Replay) -> tuple[str, str]:
    return replay.entry.created or "", replay.place


def _divergence(replay: Replay) -> str:
    first = replay.entry.first_difference or {}
    if not first:
        return f"{replay.place} diverges"
    return (
        f"{str(first.get('series'))[:60]} at step {str(first.get('step'))[:20]}: recorded "
        f"{str(first.get('recorded'))[:30]}, replayed {str(first.get('replayed'))[:30]}"
    )


class ReplayIndependent(Check):
    """Somebody else, on another machine, ran it to the end and got the same result.

    Another machine is one whose hash differs; somebody else is known by the signature of a key of
    the policy that is not the one that signed the run.
    """

    id = "environment.replay-independent"
    severity = Severity.M
    title = "Somebody else reproduced the run"
    failure = "A reproduction by others contradicts the run"
    why = "A result that only its author's machine gives is not known to hold."
    fix = "Ask a collaborator to reproduce it and to sign what came out"
    command = "reportgen reproduce RUN"
    needs = ("folder", "replay")
    evidence = Evidence.E6
    at_end = True

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        replays = replays_of(view, context.policy.signers)
        full = [one for one in replays if one.concluded and _is_full(view, one)]
        other = [one for one in full if _is_elsewhere(view, one)]
        if not other:
            done = f"{counted(len(full), 'full replay')}, all on the run's own machine"
            return self.inconclusive(
                done if full else "nobody else reproduced it", remedy=self.fix, command=self.command
            )
        latest = max(other, key=_moment)
        where = [Where(file=latest.place), at(view, layout.ENVIRONMENT, "host")]
        count = len(other)
        if latest.entry.verdict == "diverges":
            return self.failed(_divergence(latest), inspected=count, where=where)
        fault = latest.fault(context.policy.tolerances.replay_band)
        if fault:
            return self.failed(f"{latest.place} {fault}", inspected=count, where=where)
        good = [one for one in other if _is_by_others(context, one) and not _is_bad(context, one)]
        if good:
            message = f"{good[-1].entry.verdict}, on another machine, signed by {good[-1].signer}"
            return self.passed(message, inspected=count, where=where)
        claimed = latest.entry.signer
        by = f"; {claimed[:40]!r} is claimed, not signed for" if claimed else ""
        message = f"{latest.entry.verdict} on another machine, by no other party that is known{by}"
        return self.partial(message, inspected=count, where=where)


def _is_by_others(context: AuditContext, replay: Replay) -> bool:
    return replay.signer is not None and replay.signer != _own_signer(context)


def _is_bad(context: AuditContext, replay: Replay) -> bool:
    fault = replay.fault(context.policy.tolerances.replay_band)
    return replay.entry.verdict == "diverges" or fault is not None


def _is_full(view: RunView, replay: Replay) -> bool:
    steps = replay.entry.steps
    return steps is None or steps > last_step(view)


def _is_elsewhere(view: RunView, replay: Replay) -> bool:
    own = view.environment.host if view.environment else None
    return bool(own) and bool(replay.entry.host) and replay.entry.host != own


def _own_signer(context: AuditContext) -> str | None:
    """Return the name of the policy's key that the run itself is signed with, or None."""
    data = context.run.bytes(f"{layout.SIGNATURES}/manifest.sig", limit=64 * 1024)
    try:
        key = parse_signature(data or b"").key
    except UnreadableError:
        return None
    signers: Sequence[tuple[str, str]] = list(context.policy.signers.items())
    return next((name for name, line in signers if public_key(line) == key), None)


CHECKS: tuple[Check, ...] = (ReplayPrefix(), ReplayIndependent())
