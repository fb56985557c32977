"""What the last build of a site derived from each run, kept outside the site.

One file a run, in the cache folder of the user (``REPORTGEN_CACHE_DIR``, else
``XDG_CACHE_HOME/reportgen``, else ``~/.cache/reportgen``): a site is published, and what is kept
here names folders and times of this machine. Nothing is lost with it but time: a build without it
makes the same bytes.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from reportgen.audit.report import RunAudit
from reportgen.fs.atomic import write_bytes
from reportgen.site.fingerprint import Fingerprint, of_folder
from reportgen.site.model import Derived
from reportgen.site.output import Output
from reportgen.site.recalled import Facts
from reportgen.site.shards import CurveFiles

_ENDING = ".run"


class Verdict(Struct, frozen=True):
    """The audit of a run, and what it depends on besides the run.

    Attributes:
        audit: What was found.
        around: Digest of policy, repository, recorded inputs and the names of the other runs.
        others: Digest of each other run that was looked into, by its folder.
    """

    audit: RunAudit
    around: str
    others: dict[str, str]


class Kept(Struct):
    """Everything that is kept of one run.

    Attributes:
        world: Digest of what made it: program, theme, settings.
        folder: The run's folder as it was named.
        digest: Fingerprint of the folder.
        facts: What pages and checks ask of every run.
        derived: What pages derive from it.
        verdict: Its audit, when that may be used again.
        curves: Data files of each metric.
        spark: A metric and its small curve.
        curves_key: What else the data files of the curves depend on.
        curve_outputs: These files.
        pages_key: What else the page depends on.
        page_outputs: The page with its files, and the data of the run.
        document: Path of the data of the run.
    """

    world: str
    folder: str
    digest: str
    facts: Facts
    derived: Derived
    verdict: Verdict | None
    curves: dict[str, CurveFiles]
    spark: tuple[str, str]
    curves_key: str
    curve_outputs: list[Output]
    pages_key: str
    page_outputs: list[Output]
    document: str


_ENCODER = msgspec.msgpack.Encoder()
_DIGESTER = msgspec.msgpack.Encoder(enc_hook=str)
_DECODER = msgspec.msgpack.Decoder(Kept)


class Memory:
    """The kept runs of one site.

    Args:
        folder: Where they are kept; None keeps nothing.
        world: Digest of what else decides the bytes: other entries are not used.
        output: Where the site will be.
    """

    def __init__(self, folder: Path | None, world: str, output: Path) -> None:
        self._folder = folder
        self.world = world
        self.output = Path(os.path.abspath(output))
        self._now = time.time()
        self._prints: dict[str, Fingerprint | None] = {}
        self._known: dict[str, Kept] = {}
        self._used: set[str] = set()

    def recall(self, folder: Path) -> Kept | None:
        """Return what is kept of a run whose folder is as it was."""
        if self._folder is None:
            return None
        place = os.path.abspath(folder)
        self._used.add(_name(place))
        fingerprint = self.fingerprint(folder)
        try:
            kept = _DECODER.decode((self._folder / _name(place)).read_bytes())
        except (OSError, msgspec.MsgspecError):
            return None
        same = fingerprint is not None and kept.digest == fingerprint.digest
        if not same or kept.world != self.world or kept.folder != os.fspath(folder):
            return None
        self._known[place] = kept
        return kept

    def known(self, folder: Path) -> Kept | None:
        """Return what :meth:`recall` returned."""
        return self._known.get(os.path.abspath(folder))

    def fingerprint(self, folder: Path) -> Fingerprint | None:
        """Return the state of a run's folder, looked at once a build and before it is read."""
        place = os.path.abspath(folder)
        if place not in self._prints:
            self._prints[place] = of_folder(folder)
        return self._prints[place]

    def is_settled(self, fingerprint: Fingerprint | None) -> bool:
        """Tell whether a later change is sure to show in a fingerprint taken now."""
        return fingerprint is not None and fingerprint.is_settled(self._now)

    def keep(self, folder: Path, kept: Kept) -> None:
        """Keep what was derived from a run, as far as its folder was at rest."""
        if self._folder is None or not self.is_settled(self.fingerprint(folder)):
            return
        try:
            data = _ENCODER.encode(kept)
        except (TypeError, ValueError, OverflowError):  # an integer over 64 bits, a lone surrogate
            return
        place = os.path.abspath(folder)
        self._used.add(_name(place))
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_bytes(self._folder / _name(place), data, mode=0o600)

    def remembered(self, name: str, make: Callable[[], bytes]) -> bytes:
        """Return bytes that follow from the world alone, made once.

        Args:
            name: What they are, in letters.
            make: Makes them.
        """
        if self._folder is None:
            return make()
        path = self._folder / f"{name}-{self.world[:32]}"
        self._used.add(path.name)
        try:
            return path.read_bytes()
        except OSError:
            data = make()
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_bytes(path, data, mode=0o600)
        return data

    def close(self) -> None:
        """Remove what is kept of runs that are no more."""
        if self._folder is None or not self._folder.is_dir():
            return
        for path in self._folder.iterdir():
            if path.name not in self._used:
                with suppress(OSError):
                    path.unlink()


def _name(place: str) -> str:
    return hashlib.sha256(place.encode("utf-8", "surrogateescape")).hexdigest()[:32] + _ENDING


def cache_folder(output: Path) -> Path | None:
    """Return the folder that keeps the runs of the site at ``output``; None without a home."""
    root = cache_root()
    if root is None:
        return None
    place = os.fsencode(os.path.abspath(output))
    return root / "sites" / hashlib.sha256(place).hexdigest()[:16]


def cache_root() -> Path | None:
    """Return the folder of everything that is kept from build to build; None without a home."""
    if named := os.environ.get("REPORTGEN_CACHE_DIR"):
        return Path(named)
    if named := os.environ.get("XDG_CACHE_HOME"):
        return Path(named) / "reportgen"
    try:
        return Path.home() / ".cache" / "reportgen"
    except RuntimeError:
        return None


def digest_of(parts: Iterable[object]) -> str:
    """Return a digest of plain values, structs and dataclasses."""
    found = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else _DIGESTER.encode(part)
        found.update(len(data).to_bytes(8, "big") + data)
    return found.hexdigest()
