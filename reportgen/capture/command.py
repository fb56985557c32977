"""How the program was started, and which configuration files its arguments name."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

from reportgen.runs.schema import Command

_CONFIG_ENDINGS = (".yaml", ".yml", ".json", ".toml")
_CONFIG_BYTES = 1_000_000


def capture_command(argv: Sequence[str] | None = None, *, top: Path | None = None) -> Command:
    """Return the command line; secrets in it are the caller's to redact.

    Args:
        argv: Words after the interpreter; by default those of this process, with ``-m module``
            for a module that was started by its name.
        top: Top of the repository: script and working folder are written relative to it.
    """
    words = list(argv) if argv is not None else _own_words(top)
    return Command(
        argv=words,
        cwd=_working_folder(top),
        interpreter=f"python{sys.version_info[0]}.{sys.version_info[1]}"
        if platform.python_implementation() == "CPython"
        else platform.python_implementation().lower(),
        notebook=_notebook(),
    )


def _own_words(top: Path | None) -> list[str]:
    main = sys.modules.get("__main__")
    spec = getattr(main, "__spec__", None)
    name = getattr(spec, "name", None)
    if name and name != "__main__":
        return ["-m", name.removesuffix(".__main__"), *sys.argv[1:]]
    words = list(sys.argv)
    if words and words[0] in ("-c", "-", ""):
        return words
    script = Path(words[0]) if words else None
    if script is not None and script.is_absolute() and script.exists():
        words[0] = os.path.relpath(script) if _below(script, top) else _homeless(script)
    return words


def _below(path: Path, top: Path | None) -> bool:
    return path.resolve().is_relative_to((top or Path.cwd()).resolve())


def _homeless(path: Path) -> str:
    home = Path.home()
    inside = home != Path(home.anchor) and path.is_relative_to(home)
    return f"~/{path.relative_to(home).as_posix()}" if inside else path.as_posix()


def _working_folder(top: Path | None) -> str | None:
    here = Path.cwd().resolve()
    if top is not None and here.is_relative_to(top.resolve()):
        return here.relative_to(top.resolve()).as_posix()
    return None


def _notebook() -> str | None:
    """The notebook that a kernel belongs to, when its server tells."""
    if "ipykernel" not in sys.modules:
        return None
    told = os.environ.get("JPY_SESSION_NAME") or os.environ.get("VSCODE_NB_FILE")
    return Path(told).name if told else "unnamed notebook"


def config_files_in(argv: Sequence[str], *, cwd: Path, top: Path | None) -> list[Path]:
    """Return the configuration files that arguments name, and those that Hydra composed.

    Args:
        argv: Words; ``--config=FILE`` counts as well as ``FILE``.
        cwd: What relative names start from.
        top: Files outside of it are left alone; None takes ``cwd`` for it.
    """
    base = (top or cwd).resolve()
    found: dict[Path, None] = {}
    for word in argv:
        candidate = word.partition("=")[2] if word.startswith("-") and "=" in word else word
        if candidate.lower().endswith(_CONFIG_ENDINGS):
            _add(found, cwd / candidate, base)
    for path in _hydra_files(cwd):
        _add(found, path, base)
    return list(found)


def _add(found: dict[Path, None], path: Path, base: Path) -> None:
    try:
        real = path.resolve(strict=True)
        small = real.is_file() and real.stat().st_size <= _CONFIG_BYTES
    except OSError:
        return
    if small and real.is_relative_to(base):
        found[real] = None


def _hydra_files(cwd: Path) -> list[Path]:
    hydra = sys.modules.get("hydra.core.hydra_config")
    if hydra is None:
        return []
    try:
        output = Path(hydra.HydraConfig.get().runtime.output_dir)
    except Exception:
        return []
    return [output / ".hydra" / name for name in ("config.yaml", "overrides.yaml", "hydra.yaml")]
