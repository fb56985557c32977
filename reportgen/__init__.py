"""Log machine-learning runs to plain folders, audit them, publish them as a static site.

The public names below load on first use (PEP 562): ``import reportgen`` alone costs
next to nothing, so a training script can import it unconditionally.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from reportgen.capture import opens as _opens

if TYPE_CHECKING:
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
    from reportgen.logger.alert_rules import alert_when
    from reportgen.logger.run import ActiveRun, start_run
    from reportgen.logger.tracker import ExperimentTracker
    from reportgen.runs.frame import LoadedRun, load_run, load_runs
    from reportgen.seeds import set_seed

__version__ = "1.0.0.dev0"

_MODULE_OF = {
    "ActiveRun": "reportgen.logger.run",
    "BuildError": "reportgen.errors",
    "ExperimentTracker": "reportgen.logger.tracker",
    "LimitError": "reportgen.errors",
    "LoadedRun": "reportgen.runs.frame",
    "NewerVersionError": "reportgen.errors",
    "NotFoundError": "reportgen.errors",
    "ReportgenError": "reportgen.errors",
    "SchemaError": "reportgen.errors",
    "SettingsError": "reportgen.errors",
    "UnavailableError": "reportgen.errors",
    "UnreadableError": "reportgen.errors",
    "UnsafePathError": "reportgen.errors",
    "UsageError": "reportgen.errors",
    "alert_when": "reportgen.logger.alert_rules",
    "load_run": "reportgen.runs.frame",
    "load_runs": "reportgen.runs.frame",
    "set_seed": "reportgen.seeds",
    "start_run": "reportgen.logger.run",
}

__all__ = [
    "ActiveRun",
    "BuildError",
    "ExperimentTracker",
    "LimitError",
    "LoadedRun",
    "NewerVersionError",
    "NotFoundError",
    "ReportgenError",
    "SchemaError",
    "SettingsError",
    "UnavailableError",
    "UnreadableError",
    "UnsafePathError",
    "UsageError",
    "__version__",
    "alert_when",
    "load_run",
    "load_runs",
    "set_seed",
    "start_run",
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
