"""The output folder: refused where writing could hurt, built beside, swapped in one go."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from reportgen.errors import BuildError, NotFoundError, UnsafePathError, UsageError
from reportgen.fs.atomic import write_all
from reportgen.fs.paths import safe_relpath
from reportgen.fs.regular import open_regular, read_regular

MARKER = "reportgen-site.json"
"""What every site holds at its top; a folder with other things in it is never replaced."""

_PIECE = 1 << 20


def check_output(output: Path, run_folders: Iterable[Path]) -> None:
    """Refuse an output folder that is not safe to replace.

    Raises:
        UnsafePathError: It is a link or holds one.
        UsageError: It is, contains or lies in a run; it is the top of the file system or a home;
            or it holds something other than a former site.
    """
    if output.is_symlink():
        raise UnsafePathError("is a link", where=str(output), expected="a folder, or no such path")
    resolved = output.resolve()
    if resolved == Path(resolved.anchor) or resolved == Path.home():
        raise UsageError("would be replaced as a whole", where=str(output), fix=_ELSEWHERE)
    for folder in run_folders:
        run = folder.resolve()
        if resolved == run or run in resolved.parents or resolved in run.parents:
            raise UsageError(
                f"is, contains or lies in the run {run.name}", where=str(output), fix=_ELSEWHERE
            )
    if not output.exists():
        return
    if not output.is_dir():
        raise UsageError("is no folder", where=str(output), fix=_ELSEWHERE)
    names = os.listdir(output)
    if names and MARKER not in names:
        raise UsageError(
            "holds files that no build of ours made",
            where=str(output),
            expected="an empty folder, a former site, or no such path",
            fix=_ELSEWHERE,
        )
    for path in _links(output):
        raise UnsafePathError(
            "is a link inside the output folder", where=str(path), fix="Remove it"
        )


_ELSEWHERE = "Name another folder, such as `-o site`"


def _links(folder: Path) -> Iterator[Path]:
    pending = [folder]
    while pending:
        for entry in os.scandir(pending.pop()):
            if entry.is_symlink():
                yield Path(entry.path)
            elif entry.is_dir(follow_symlinks=False):
                pending.append(Path(entry.path))


class Output(Struct, frozen=True):
    """A file of a site as it was written: one that still looks so is that file.

    Attributes:
        path: Below the site.
        size: Bytes.
        written: Time of writing, nanoseconds since 1970.
        inode: Its number in the file system, which a hard link shares.
    """

    path: str
    size: int
    written: int
    inode: int


class Staging:
    """The new site while it is being written, beside the old one.

    A file that the old site holds with the same bytes is linked rather than written, which
    keeps its time stamp for tools that copy by it.

    Attributes:
        bytes: Written and linked.
        reused: Files that were linked.
    """

    def __init__(self, folder: Path, former: Path | None) -> None:
        self.folder = folder
        self.former = former
        self._place = os.fspath(folder)
        self.bytes = 0
        self.reused = 0
        self._taken: set[str] = set()
        self._made: set[str] = set()
        self._outputs: dict[str, Output] = {}

    def put(self, path: str, data: bytes) -> Output:
        """Write one file.

        Raises:
            BuildError: The path was written already, leaves the folder, or the disk refuses.
        """
        target = self._target(path)
        self.bytes += len(data)
        if self._link(path, data, target):
            return self._noted(_output(path, os.stat(target)))
        try:
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
            try:
                write_all(descriptor, data)
                return self._noted(_output(path, os.fstat(descriptor)))
            finally:
                os.close(descriptor)
        except OSError as error:
            raise BuildError(f"could not be written: {error.strerror}", where=path) from None

    def states(self, ending: str) -> dict[str, str]:
        """Return for each file with an ending a word that changes when the file does."""
        return {
            path: f"{one.written:x}.{one.inode:x}"
            for path, one in self._outputs.items()
            if path.endswith(ending)
        }

    def _noted(self, output: Output) -> Output:
        self._outputs[output.path] = output
        return output

    def take(self, outputs: Sequence[Output]) -> bool:
        """Take files over from the former site; False, and none taken, unless all are there.

        Raises:
            BuildError: As :meth:`put`.
        """
        if self.former is None:
            return False
        former = os.fspath(self.former)
        if not all(_is_same(f"{former}/{one.path}", one) for one in outputs):
            return False
        for one in outputs:
            source, target = f"{former}/{one.path}", self._target(one.path)
            try:
                os.link(source, target, follow_symlinks=False)
            except OSError:  # a file system without hard links
                self._copied(source, target, one.path)
            self._noted(one)
            self.bytes += one.size
            self.reused += 1
        return True

    def _copied(self, source: str, target: str, path: str) -> None:
        try:
            shutil.copyfile(source, target, follow_symlinks=False)
        except OSError as error:
            raise BuildError(f"could not be copied: {error.strerror}", where=path) from None

    def copy(self, root: Path, place: str, path: str) -> Output | None:
        """Copy a regular file of a run; None when it is gone, not regular or not readable.

        Raises:
            BuildError: As :meth:`put`.
        """
        target = self._target(path)
        try:
            with open_regular(root, place) as source:
                return self._pour(source, target, path)
        except (NotFoundError, UnsafePathError, OSError):
            return None

    def _pour(self, source: int, target: str, path: str) -> Output:
        try:
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
            try:
                while piece := os.read(source, _PIECE):
                    write_all(descriptor, piece)
                    self.bytes += len(piece)
                return _output(path, os.fstat(descriptor))
            finally:
                os.close(descriptor)
        except OSError as error:
            raise BuildError(f"could not be copied: {error.strerror}", where=path) from None

    def _target(self, path: str) -> str:
        key = safe_relpath(path).casefold()
        if key in self._taken:
            raise BuildError("would be written twice", where=path)
        self._taken.add(key)
        parent = os.path.dirname(path)
        if parent not in self._made:
            os.makedirs(f"{self._place}/{parent}", exist_ok=True)
            self._made.add(parent)
        return f"{self._place}/{path}"

    def _link(self, path: str, data: bytes, target: str) -> bool:
        if self.former is None:
            return False
        try:
            if read_regular(self.former, path, limit=len(data)) != data:
                return False
            os.link(self.former / path, target, follow_symlinks=False)
        except Exception:  # a file system without hard links, a former site that is half gone
            return False
        self.reused += 1
        return True


def _output(path: str, info: os.stat_result) -> Output:
    return Output(path, info.st_size, info.st_mtime_ns, info.st_ino)


def _is_same(place: str, output: Output) -> bool:
    try:
        info = os.lstat(place)
    except OSError:
        return False
    return stat.S_ISREG(info.st_mode) and _output(output.path, info) == output


@contextmanager
def staged(output: Path) -> Iterator[Staging]:
    """Yield a folder beside ``output`` and, when the block ends well, put it in its place.

    A failure leaves the old site as it was and nothing else.

    Raises:
        BuildError: The folder cannot be made or moved.
    """
    token = secrets.token_hex(4)
    final = Path(os.path.abspath(output))
    building = final.with_name(f".{final.name}.{token}.building")
    retired = final.with_name(f".{final.name}.{token}.old")
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        building.mkdir()
    except OSError as error:
        where = str(error.filename or final.parent)
        raise BuildError(f"cannot be made: {error.strerror}", where=where) from None
    try:
        yield Staging(building, final if (final / MARKER).is_file() else None)
        _swap(building, final, retired)
    finally:
        shutil.rmtree(building, ignore_errors=True)
        shutil.rmtree(retired, ignore_errors=True)


def _swap(building: Path, final: Path, retired: Path) -> None:
    try:
        if final.exists():
            os.rename(final, retired)
        try:
            os.rename(building, final)
        except OSError:
            if retired.exists():
                os.rename(retired, final)
            raise
    except OSError as error:
        raise BuildError(
            f"cannot be replaced: {error.strerror}",
            where=str(final),
            fix="A mount point cannot be renamed; name a folder inside it",
        ) from None
