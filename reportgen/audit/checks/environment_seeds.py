"""Were the random number generators seeded, and did the seeding reach them?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from reportgen.audit.evidence import at, counted, unavailable
from reportgen.audit.interface import AuditContext, Check, CheckResult, Evidence, Severity, Where
from reportgen.runs import layout
from reportgen.runs.schema import Environment
from reportgen.runs.view import RunView
from reportgen.seeds import expected_state_sha256

_GENERATORS = ("numpy", "torch", "tensorflow")
_FINGERPRINTED = ("python", "numpy", "torch")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LINE = "reportgen.start_run(seed=1337)"


def seeds_of(view: RunView) -> dict[str, int]:
    """Return the recorded seeds by library; what is no whole number is left out."""
    recorded = (view.environment.seeds if view.environment else None) or {}
    return {
        name: value
        for name, value in recorded.items()
        if name != "state_sha256" and isinstance(value, int) and not isinstance(value, bool)
    }


def states_of(view: RunView) -> Mapping[str, Any]:
    """Return the recorded fingerprints of the generators by library."""
    recorded = (view.environment.seeds if view.environment else None) or {}
    states = recorded.get("state_sha256")
    return states if isinstance(states, Mapping) else {}


def libraries_due(environment: Environment) -> list[str]:
    """Return the libraries whose generators the run may have drawn from."""
    packages = {name.lower() for name in environment.packages or {}}
    due = ["python", *(name for name in _GENERATORS if name in packages)]
    gpus = environment.hardware.gpus if environment.hardware else None
    return [*due, "cuda"] if "torch" in packages and gpus else due


class SeedsRecorded(Check):
    """A seed for each library that draws random numbers."""

    id = "environment.seeds-recorded"
    severity = Severity.H
    title = "The seeds are recorded"
    failure = "The seeds are not recorded"
    why = "An unseeded generator makes a run that nobody can repeat, its author included."
    fix = "Seed every generator in one line before the first random number"
    command = _LINE
    evidence = Evidence.E2

    def inapplicable(self, context: AuditContext) -> str | None:
        environment = context.run.environment
        if environment is None or not environment.packages or environment.seeds:
            return None
        if any(name.lower() in _GENERATORS for name in environment.packages):
            return None
        return f"none of {', '.join(_GENERATORS)} among the packages, and no seed was set"

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        environment = view.environment
        if environment is None:
            there = view.exists(layout.ENVIRONMENT)
            message = f"{'no readable' if there else 'there is no'} environment.yaml"
            return self.failed(message, inspected=0, where=[Where(file=layout.ENVIRONMENT)])
        where = [at(view, layout.ENVIRONMENT, "seeds")]
        seeds = seeds_of(view)
        due = libraries_due(environment)
        lacking = [name for name in due if name not in seeds]
        if not seeds:
            reason = unavailable(environment.not_available, "seeds")
            if reason:
                return self.inconclusive(reason)
            message = f"no seed for {', '.join(due)}"
            return self.failed(message, inspected=0, where=where)
        named = ", ".join(f"{name} {seeds[name]}" for name in seeds)
        if lacking:
            message = f"{named}; none for {', '.join(lacking)}"
            return self.partial(message, inspected=len(due), where=where)
        if not environment.packages:
            message = f"{named}; which libraries were imported is not recorded"
            return self.partial(message, inspected=len(due), where=where)
        return self.passed(named, inspected=len(due))


class SeedsRngStateVerified(Check):
    """The fingerprints of the generators are those that the recorded seeds give."""

    id = "environment.seeds-rng-state-verified"
    severity = Severity.M
    title = "The generators were in the state that the seeds give"
    failure = "The generators were not in the state that the seeds give"
    why = "A seed in the configuration that was never set looks the same as one that was."
    fix = "Let the logger set the seed it records"
    command = _LINE
    requires = ("environment.seeds-recorded",)

    def inapplicable(self, context: AuditContext) -> str | None:
        return SeedsRecorded().inapplicable(context)

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        where = [at(view, layout.ENVIRONMENT, "seeds.state_sha256")]
        seeds, states = seeds_of(view), states_of(view)
        due = [
            name
            for name in libraries_due(view.environment or Environment())
            if name in _FINGERPRINTED
        ]
        recorded = [name for name in due if _SHA256.fullmatch(str(states.get(name)))]
        if not recorded:
            message = f"no fingerprint of {', '.join(due)}"
            return self.failed(message, inspected=0, where=where)
        expected = {name: _expected(name, seeds.get(name)) for name in recorded}
        wrong = [name for name in recorded if expected[name] not in (None, states[name])]
        if wrong:
            named = ", ".join(f"{name} (seed {seeds[name]})" for name in wrong)
            message = f"another state than its seed gives: {named}"
            return self.failed(message, inspected=len(recorded), where=where)
        open_ones = [name for name in recorded if expected[name] is None]
        if len(open_ones) == len(recorded):
            message = f"cannot be recomputed here: {', '.join(open_ones)}"
            return self.inconclusive(message)
        lacking = [name for name in due if name not in recorded or expected[name] is None]
        good = [name for name in recorded if name not in lacking]
        message = f"{', '.join(good)}: {counted(len(good), 'state')} recomputed, equal"
        if lacking:
            message += f"; nothing for {', '.join(lacking)}"
            return self.partial(message, inspected=len(good), where=where)
        other = _configured_otherwise(view)
        if other is not None:
            key, value = other
            message = f"{message}, set to {seeds[good[0]]}; {key} is {value} in the configuration"
            where = [at(view, layout.CONFIG, key), at(view, layout.ENVIRONMENT, "seeds")]
            remedy = "Set the seed that is configured, or configure the one that is set"
            return self.partial(message, inspected=len(good), where=where, remedy=remedy)
        return self.passed(message, inspected=len(good))


def _configured_otherwise(view: RunView) -> tuple[str, int] | None:
    """Return a seed of the configuration when no generator was set to any of its seeds."""
    keys = {
        key: value
        for key, value in view.flat_config.items()
        if key.rpartition(".")[2].lower() == "seed" and type(value) is int
    }
    if not keys or set(keys.values()) & set(seeds_of(view).values()):
        return None
    return next(iter(keys.items()))


@lru_cache(maxsize=4096)
def _expected(library: str, seed: int | None) -> str | None:
    return None if seed is None else expected_state_sha256(library, seed)


CHECKS: tuple[Check, ...] = (SeedsRecorded(), SeedsRngStateVerified())
