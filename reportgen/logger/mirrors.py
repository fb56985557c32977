"""The mirrors that exist, by name; each is imported only when it is asked for.

A mirror is a sink (``reportgen.logger.interface``) that another package implements: the logger
knows its name and no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from reportgen.errors import UnavailableError, UsageError
from reportgen.logger.interface import Sink
from reportgen.suggest import nearest

_MODULES: Final = {
    "tensorboard": "reportgen.integrations.tensorboard",
    "wandb": "reportgen.integrations.wandb",
}


def open_mirror(
    mirror: str, folder: Path, *, project: str, name: str, config: Mapping[str, Any]
) -> Sink:
    """Return an open mirror of a run.

    Args:
        mirror: Which one.
        folder: The run folder.
        project: What the tool files the run under.
        name: Of the run.
        config: The plain configuration.

    Raises:
        UsageError: No mirror has this name.
        UnavailableError: The tool that it needs is not installed, or not set up.
        OSError: The folder cannot be written to.
    """
    module = _module_of(mirror)
    sink: Sink = module.open_sink(folder, project=project, name=name, config=config)
    return sink


def check_mirror(name: Any) -> str:
    """Return the name of a mirror.

    Raises:
        UsageError: There is no such mirror.
    """
    if isinstance(name, str) and name in _MODULES:
        return name
    raise UsageError(
        f"there is no mirror {name!r:.60}",
        where="mirror",
        expected=", ".join(_MODULES),
        fix=nearest(str(name), _MODULES),
    )


def _module_of(name: str) -> ModuleType:
    place = _MODULES[check_mirror(name)]
    try:
        return import_module(place)
    except ImportError as error:
        raise UnavailableError(
            f"{name} is not installed" if _top(error.name) == name else f"{name}: {error}",
            fix=f"pip install {name}",
        ) from error


def _top(module: str | None) -> str:
    return (module or "").partition(".")[0]
