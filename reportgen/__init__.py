"""Log machine-learning runs to plain folders, audit them, publish them as a static site.

The public names below load on first use (PEP 562): ``import reportgen`` alone costs
next to nothing, so a training script can import it unconditionally.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

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

__version__ = "1.0.0.dev0"

_MODULE_OF = {
    "BuildError": "reportgen.errors",
    "LimitError": "reportgen.errors",
    "NewerVersionError": "reportgen.errors",
    "NotFoundError": "reportgen.errors",
    "ReportgenError": "reportgen.errors",
    "SchemaError": "reportgen.errors",
    "SettingsError": "reportgen.errors",
    "UnavailableError": "reportgen.errors",
    "UnreadableError": "reportgen.errors",
    "UnsafePathError": "reportgen.errors",
    "UsageError": "reportgen.errors",
}

__all__ = [
    "BuildError",
    "LimitError",
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
]


def __getattr__(name: str) -> object:
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
