"""Log machine-learning runs to plain folders, audit them, publish them as a static site.

The public names below load on first use (PEP 562): ``import reportgen`` alone costs
next to nothing, so a training script can import it unconditionally.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from reportgen.capture import opens as _opens

if TYPE_CHECKING:
    from reportgen.capture.facts import environment, git_state, hash_data
    from reportgen.errors import (
        BuildError,
        LimitError,
        NewerVersionError,
        NotFoundError,
        ReportgenError,
        SchemaError,
        SettingsError,
        UnavailableError,
        UnreadableError,
        UnsafePathError,
        UsageError,
    )
    from reportgen.logger.alert_mail import alert_by_mail
    from reportgen.logger.alert_rules import alert_when
    from reportgen.logger.alert_webhook import alert_by_webhook
    from reportgen.logger.artifact_manager import ArtifactManager
    from reportgen.logger.resumable_tracker import ResumableExperimentTracker
    from reportgen.logger.run import ActiveRun, start_run
    from reportgen.logger.sweep import Sweep, sweep
    from reportgen.logger.tracker import ExperimentTracker
    from reportgen.runs.frame import LoadedRun, load_run, load_runs
    from reportgen.seeds import set_seed

__version__ = "1.0.0.dev1"

_MODULE_OF = {
    "ActiveRun": "reportgen.logger.run",
    "ArtifactManager": "reportgen.logger.artifact_manager",
    "BuildError": "reportgen.errors",
    "ExperimentTracker": "reportgen.logger.tracker",
    "LimitError": "reportgen.errors",
    "LoadedRun": "reportgen.runs.frame",
    "NewerVersionError": "reportgen.errors",
    "NotFoundError": "reportgen.errors",
    "ReportgenError": "reportgen.errors",
    "ResumableExperimentTracker": "reportgen.logger.resumable_tracker",
    "SchemaError": "reportgen.errors",
    "SettingsError": "reportgen.errors",
    "Sweep": "reportgen.logger.sweep",
    "UnavailableError": "reportgen.errors",
    "UnreadableError": "reportgen.errors",
    "UnsafePathError": "reportgen.errors",
    "UsageError": "reportgen.errors",
    "alert_by_mail": "reportgen.logger.alert_mail",
    "alert_by_webhook": "reportgen.logger.alert_webhook",
    "alert_when": "reportgen.logger.alert_rules",
    "environment": "reportgen.capture.facts",
    "git_state": "reportgen.capture.facts",
    "hash_data": "reportgen.capture.facts",
    "load_run": "reportgen.runs.frame",
    "load_runs": "reportgen.runs.frame",
    "set_seed": "reportgen.seeds",
    "start_run": "reportgen.logger.run",
    "sweep": "reportgen.logger.sweep",
}

__all__ = [
    "ActiveRun",
    "ArtifactManager",
    "BuildError",
    "ExperimentTracker",
    "LimitError",
    "LoadedRun",
    "NewerVersionError",
    "NotFoundError",
    "ReportgenError",
    "ResumableExperimentTracker",
    "SchemaError",
    "SettingsError",
    "Sweep",
    "UnavailableError",
    "UnreadableError",
    "UnsafePathError",
    "UsageError",
    "__version__",
    "alert_by_mail",
    "alert_by_webhook",
    "alert_when",
    "environment",
    "git_state",
    "hash_data",
    "load_run",
    "load_runs",
    "set_seed",
    "start_run",
    "sweep",
]


# A program may read its data before it starts a run, and the run records what was read. The hook
# costs less than a microsecond a file.
_opens.start()


def __getattr__(name: str) -> object:
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
