"""What a run records of data, code and environment, for scripts that want it without a run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from reportgen.capture.code import capture_code
from reportgen.capture.environment import capture_environment
from reportgen.errors import NotFoundError
from reportgen.fs.hashing import sha256_file, sha256_folder
from reportgen.runs.schema import to_plain

_OF_A_RUN = ("host", "seeds", "compute", "identity")


def hash_data(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file or folder, as data.yaml holds it; large files are streamed.

    That of a folder is the hash of its sorted lines ``<sha256>  <relative path>``, so that a
    renamed file changes it; links in it are left out.

    Raises:
        NotFoundError: There is no such file or folder.
        UnreadableError: A file changed while it was read.
        LimitError: More files, or deeper folders, than a run may hold.
        OSError: Something cannot be read.
    """
    place = Path(path).expanduser()
    if not place.exists():
        raise NotFoundError(
            "there is no such file or folder",
            where=os.fspath(path),
            expected="data that exists, seen from the working directory",
        )
    real = place.resolve()
    return sha256_folder(real)[0] if real.is_dir() else sha256_file(real.parent, real.name)[0]


def git_state(path: str | os.PathLike[str] = ".") -> dict[str, Any]:
    """Return the state of the code: the keys of git_info.yaml and ``diff``; at most 10 s.

    ``commit``, ``branch``, ``remote`` without credentials, ``dirty``, ``untracked`` and so on;
    ``diff`` is the patch that turns the commit into the work tree, None when there is none. What
    could not be found out is named in ``not_available`` with the reason. The repository stays as
    it was.

    Args:
        path: A folder in the repository.
    """
    captured = capture_code(Path(path).absolute(), run_root=None)
    diff = captured.patch.decode("utf-8", "replace") if captured.patch else None
    return {**to_plain(captured.git), "diff": diff}


def environment() -> dict[str, Any]:
    """Return the environment: the keys of environment.yaml, versions and hardware as they are now.

    ``python``, ``os``, ``hardware``, ``accelerator``, ``packages`` (of what is imported),
    ``variables`` that matter, and so on; not what only a run has. Nothing in it names or tells
    apart the host or the user.
    """
    found = to_plain(capture_environment())
    return {key: value for key, value in found.items() if key not in _OF_A_RUN}
