"""The installed distribution that a program belongs to, for code that no repository holds."""

from __future__ import annotations

import sys
from pathlib import Path

from reportgen.capture.distributions import installed_distributions, is_installed, owner_of
from reportgen.fs.hashing import sha256_bytes
from reportgen.runs.schema import Packaged

_LAUNCHERS = frozenset(
    {"ipykernel", "ipython", "jupyter", "pytest", "reportgen-runs", "torch", "accelerate"}
)
"""Distributions whose programs run code of somebody else's."""


def packaged_program() -> Packaged | None:
    """Return the distribution of the program that runs, or None when it is a plain script.

    It is the one that owns ``__main__``: a module started by ``-m``, or a console script.
    """
    name = _owner_of_main()
    distribution = installed_distributions().get(name) if name else None
    if distribution is None or name in _LAUNCHERS:
        return None
    record = distribution.read("RECORD")
    return Packaged(
        distribution=distribution.name,
        version=distribution.version or None,
        record_sha256=sha256_bytes(record.encode("utf-8", "surrogateescape")) if record else None,
    )


def _owner_of_main() -> str | None:
    main = sys.modules.get("__main__")
    file = getattr(main, "__file__", None)
    if not isinstance(file, str):
        return None
    if is_installed(file):
        spec = getattr(main, "__spec__", None)
        package = str(getattr(spec, "name", "") or Path(file).stem).partition(".")[0]
        return owner_of(package)
    return _owner_of_script(Path(file))


def _owner_of_script(script: Path) -> str | None:
    """Console scripts lie beside the interpreter, and their distributions name them."""
    if script.resolve().parent != Path(sys.executable).parent.resolve():
        return None
    for name, distribution in installed_distributions().items():
        if script.stem in distribution.console_scripts():
            return name
    return None
