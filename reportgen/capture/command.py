"""How the program was started, and which configuration files its arguments name."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from reportgen.capture.shown_paths import is_below, recorded_path, without_home
from reportgen.runs.schema import Command

CONFIG_ENDINGS = (".yaml", ".yml", ".json", ".toml")
CONFIG_BYTES = 1_000_000

_HYDRA_FOLDER_OPTIONS = ("--config-path", "-cp", "--config-dir", "-cd")
_HYDRA_NAME_OPTIONS = ("--config-name", "-cn")


def capture_command(argv: Sequence[str] | None = None, *, top: Path | None = None) -> Command:
    """Return the command line; secrets in it are the caller's to redact.

    Arguments that are absolute paths are written relative to the working folder when they lie in
    the repository, and with ``~`` when they lie in the home directory.

    Args:
        argv: Words after the interpreter; by default those of this process, with ``-m module``
            for a module that was started by its name.
        top: Top of the repository, which the working folder is written relative to.
    """
    words = list(argv) if argv is not None else _own_words()
    return Command(
        argv=[_portable(word, top) for word in words],
        cwd=_working_folder(top),
        interpreter=_interpreter(),
        notebook=_notebook(top),
    )


def _interpreter() -> str:
    if platform.python_implementation() == "CPython":
        return f"python{sys.version_info[0]}.{sys.version_info[1]}"
    return platform.python_implementation().lower()


def _own_words() -> list[str]:
    main = sys.modules.get("__main__")
    name = getattr(getattr(main, "__spec__", None), "name", None)
    if name and name != "__main__":
        return ["-m", str(name).removesuffix(".__main__"), *sys.argv[1:]]
    if sys.argv[:1] == ["-c"]:
        return ["-c", *_code_of_option_c(), *sys.argv[1:]]
    return list(sys.argv)


def _code_of_option_c() -> list[str]:
    """The program text after ``-c``, which ``sys.argv`` does not hold."""
    words = sys.orig_argv
    place = words.index("-c") + 1 if "-c" in words else len(words)
    return words[place : place + 1]


def _portable(word: str, top: Path | None) -> str:
    """Take the place of the repository and of the home directory out of one argument."""
    option, equals, value = word.partition("=")
    path = value if equals else word
    if not os.path.isabs(path) or "\0" in path:
        return word
    if top is not None and is_below(os.path.realpath(path), os.path.realpath(top)):
        path = os.path.relpath(os.path.realpath(path), os.path.realpath(os.getcwd()))
    else:
        path = without_home(path)
    return f"{option}={path}" if equals else path


def _working_folder(top: Path | None) -> str | None:
    if top is None or not is_below(os.path.realpath(os.getcwd()), os.path.realpath(top)):
        return None
    return recorded_path(os.getcwd(), top)


def _notebook(top: Path | None) -> str | None:
    """The notebook that a kernel belongs to, when its server tells."""
    if "ipykernel" not in sys.modules:
        return None
    told = os.environ.get("JPY_SESSION_NAME") or os.environ.get("VSCODE_NB_FILE")
    if not told:
        return "unnamed notebook"
    return recorded_path(told, top) if os.path.exists(told) else Path(told).name


def config_files_in(argv: Sequence[str], *, cwd: Path, top: Path | None) -> list[Path]:
    """Return the configuration files that arguments name, and those that Hydra composed.

    Args:
        argv: Words; ``--config=FILE`` counts as well as ``FILE``.
        cwd: What relative names start from.
        top: Files outside of it are left alone; None takes ``cwd`` for it.
    """
    base = (top or cwd).resolve()
    found: dict[Path, None] = {}
    for candidate in (*_named_files(argv, cwd), *_hydra_files(argv, cwd)):
        if (real := _config_file(candidate, base)) is not None:
            found[real] = None
    return list(found)


def _named_files(argv: Sequence[str], cwd: Path) -> Iterator[Path]:
    for word in argv:
        name = word.partition("=")[2] if "=" in word else word
        if name.lower().endswith(CONFIG_ENDINGS) and "\0" not in name:
            yield cwd / name


def _config_file(path: Path, base: Path) -> Path | None:
    try:
        real = path.resolve(strict=True)
        small = real.is_file() and real.stat().st_size <= CONFIG_BYTES
    except (OSError, ValueError, RuntimeError):
        return None
    return real if small and real.is_relative_to(base) else None


def _hydra_files(argv: Sequence[str], cwd: Path) -> Iterator[Path]:
    """The files that Hydra composed the configuration of: the primary one and each group's choice.

    A Hydra that runs tells its sources and choices (``HydraConfig.get().runtime``); before it
    runs, its options name folder and file.
    """
    runtime = _hydra_runtime()
    if runtime is None:
        folders = list(_values_of(argv, _HYDRA_FOLDER_OPTIONS))
        for name in _values_of(argv, _HYDRA_NAME_OPTIONS):
            for folder in (*folders, "conf", "configs", "config", "."):
                yield cwd / folder / f"{name.removesuffix('.yaml')}.yaml"
        return
    names, folders = runtime
    for folder in folders:
        for name in names:
            yield Path(folder) / f"{name}.yaml"


def _hydra_runtime() -> tuple[list[str], list[str]] | None:
    """Return ``(config names, source folders)`` of the Hydra that runs in this process."""
    module: Any = sys.modules.get("hydra.core.hydra_config")
    if module is None:
        return None
    try:
        told = module.HydraConfig.get()
        names = [str(told.job.config_name).removesuffix(".yaml")]
        for group, choice in dict(told.runtime.choices).items():
            if not str(group).startswith("hydra/"):
                names.append(f"{str(group).partition('@')[0]}/{choice}")
        sources = [source for source in told.runtime.config_sources if source.schema == "file"]
        return names, [str(source.path) for source in sources]
    except Exception:
        # Hydra's own objects, of whatever version: what they do not tell is not captured.
        return None


def _values_of(argv: Sequence[str], options: Sequence[str]) -> Iterator[str]:
    for place, word in enumerate(argv):
        name, equals, value = word.partition("=")
        if name in options and equals:
            yield value
        elif word in options and place + 1 < len(argv):
            yield argv[place + 1]
