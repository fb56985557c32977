"""Make the private git directory: validated settings, copied references, borrowed objects."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from reportgen.capture import git_process
from reportgen.capture.git_folder import GitFolder
from reportgen.capture.git_process import Deadline
from reportgen.errors import UnavailableError

FILE_LIMIT = 256 * 2**20
REFERENCES = 50_000

_CONFIG_LIMIT = 4 * 2**20
_BOOLEAN = ("true", "false")
_COPIED_VALUES = {
    "core.autocrlf": (*_BOOLEAN, "input"),
    "core.eol": ("lf", "crlf", "native"),
    "core.filemode": _BOOLEAN,
    "core.symlinks": _BOOLEAN,
    "core.ignorecase": _BOOLEAN,
    "core.precomposeunicode": _BOOLEAN,
}
_HEAD = re.compile(rb"(?:ref:\s*refs/[^\s\x00-\x1f]+|[0-9a-f]{40}|[0-9a-f]{64})\s*")
_OURS = "[core]\n\tbare = false\n\tfsmonitor = false\n\tuntrackedCache = false\n"


def read_settings(config: Path, private: Path, deadline: Deadline) -> dict[str, str]:
    """Return names and last values of a git config file; includes are not followed.

    Args:
        config: The file; a missing, linked or unreadable one gives nothing.
        private: Stands in for the git directory, so that git looks at no other.
        deadline: Time for it.

    Raises:
        UnavailableError: git is missing or took too long.
    """
    try:
        if config.is_symlink() or not config.is_file() or config.stat().st_size > _CONFIG_LIMIT:
            return {}
        text = config.read_bytes()
    except OSError:
        return {}
    status, output, _ = git_process.run_git(
        ["config", "--file", "-", "--no-includes", "--list", "-z"],
        folder=private,
        environment={**git_process.base_environment(), "GIT_DIR": str(private)},
        deadline=deadline,
        stdin=text,
    )
    pairs = output.decode("utf-8", "surrogateescape").split("\0") if status == 0 else []
    return {key: value for key, _, value in (pair.partition("\n") for pair in pairs) if key}


def fill_private_folder(private: Path, folder: GitFolder, settings: Mapping[str, str]) -> None:
    """Fill the private git directory from the real one.

    Args:
        private: An empty folder.
        folder: The real git directory.
        settings: The real config, of which a few values are taken when they are valid.

    Raises:
        UnavailableError: A file is too large to be what it says it is.
    """
    for name in ("objects/info", "refs/heads", "info"):
        (private / name).mkdir(parents=True)
    (private / "config").write_text(_config(settings), encoding="ascii")
    _borrow_objects(private, folder)
    own, common = folder.own, folder.common
    _check_head(own / "HEAD")
    for name in ("HEAD", "index", *_shared_indexes(own)):
        _copy(own / name, private / name)
    for name in ("packed-refs", "shallow"):
        _copy(common / name, private / name)
    for name in ("info/exclude", "info/sparse-checkout"):
        _copy((common if name.endswith("exclude") else own) / name, private / name)
    if _is_reftable(settings):
        _copy_folder(common / "reftable", private / "reftable")
    else:
        _copy_folder(common / "refs", private / "refs")


def _check_head(head: Path) -> None:
    """Without a HEAD that it understands git takes a directory for no repository at all."""
    is_plain = head.is_file() and not head.is_symlink() and head.stat().st_size <= 4_096
    if not is_plain or not _HEAD.fullmatch(head.read_bytes()):
        raise UnavailableError("HEAD of the repository cannot be understood")


def _is_reftable(settings: Mapping[str, str]) -> bool:
    return settings.get("extensions.refstorage", "").lower() == "reftable"


def add_user_ignores(private: Path, settings: Mapping[str, str], deadline: Deadline) -> None:
    """Put the user's own ignore patterns before those of the repository.

    git would find them through ``core.excludesFile``; they are nothing but patterns.

    Args:
        private: The private git directory.
        settings: The real config.
        deadline: Time for it.

    Raises:
        UnavailableError: git took too long.
    """
    home = Path.home()
    user_folder = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "git"
    named = os.environ.get("GIT_CONFIG_GLOBAL")
    configs = [Path(named)] if named else [user_folder / "config", home / ".gitconfig"]
    value = settings.get("core.excludesfile")
    for config in reversed(configs):
        value = value or read_settings(config, private, deadline).get("core.excludesfile")
    file = Path(value).expanduser() if value else user_folder / "ignore"
    exclude = private / "info/exclude"
    parts = [file, exclude]
    texts = [path.read_bytes() for path in parts if path.is_file() and _is_small(path)]
    exclude.write_bytes(b"\n".join(texts))


def _is_small(path: Path) -> bool:
    return path.stat().st_size <= _CONFIG_LIMIT


def _config(settings: Mapping[str, str]) -> str:
    lines = [_OURS]
    for key, allowed in _COPIED_VALUES.items():
        value = settings.get(key, "").lower()
        if value in allowed:
            lines.append(f"\t{key.partition('.')[2]} = {value}\n")
    extensions = []
    if settings.get("extensions.objectformat", "").lower() == "sha256":
        extensions.append("\tobjectFormat = sha256\n")
    if _is_reftable(settings):
        extensions.append("\trefStorage = reftable\n")
    lines.append(f"\trepositoryformatversion = {1 if extensions else 0}\n")
    return "".join([*lines, "[extensions]\n" if extensions else "", *extensions])


def _borrow_objects(private: Path, folder: GitFolder) -> None:
    """Name the real object store as the alternate of ours.

    git follows the alternates of an alternate; where they lead out of the repository, the store
    is borrowed part by part, without that list.
    """
    store = folder.objects.resolve()
    if folder.borrows_outside():
        view = private / "objects-without-alternates"
        view.mkdir()
        for part in store.iterdir():
            if part.name != "info" and part.is_dir() and not part.is_symlink():
                (view / part.name).symlink_to(part)
        store = view
    (private / "objects/info/alternates").write_bytes(_quoted(os.fsencode(store)) + b"\n")


def _quoted(path: bytes) -> bytes:
    """Quote a path as git reads it in ``info/alternates``, whatever characters it has."""
    for plain, escaped in ((b"\\", b"\\\\"), (b'"', b'\\"'), (b"\n", b"\\n"), (b"\r", b"\\r")):
        path = path.replace(plain, escaped)
    return b'"' + path + b'"'


def _shared_indexes(own: Path) -> list[str]:
    return sorted(path.name for path in own.glob("sharedindex.*"))


def _copy(source: Path, target: Path) -> None:
    """Copy a regular file with its times: git tells by the index's which files it must reread."""
    if source.is_symlink() or not source.is_file():
        return
    if source.stat().st_size > FILE_LIMIT:
        raise UnavailableError(f"{source.name} has more than {FILE_LIMIT} bytes")
    shutil.copyfile(source, target)
    info = source.stat()
    os.utime(target, ns=(info.st_atime_ns, info.st_mtime_ns))


def _copy_folder(source: Path, target: Path) -> None:
    """Copy small regular files below a folder; links are left out."""
    if source.is_symlink():
        return
    count = 0
    for folder, below, names in os.walk(source):
        below[:] = [name for name in below if not Path(folder, name).is_symlink()]
        for name in names:
            count += 1
            if count > REFERENCES:
                raise UnavailableError(f"has more than {REFERENCES} loose references")
            path = Path(folder, name)
            # Replacements of objects take no part: what is read is what the ids name.
            if path.relative_to(source).parts[0] == "replace":
                continue
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            _copy(path, place)
