"""The recorded packages as an installer takes them: hash-checked wherever a lock was recorded."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from reportgen.errors import UnavailableError, UnreadableError
from reportgen.fs.atomic import write_text
from reportgen.runs.schema import Environment
from reportgen.script.requirements import Requirements

_SHOWN = 300
_MOST = 10


@dataclass(frozen=True, slots=True)
class Packages:
    """What is installed.

    Attributes:
        exact: Lines without hashes as they were recorded, local version labels kept.
        plain: The same without labels: what an index may have them under.
        hashed: Lines with the hashes that a recorded lock gives.
    """

    exact: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()
    hashed: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, requirements: Requirements, locks: Mapping[str, bytes], *, named_alone: bool = False
    ) -> Packages:
        """Sort a recorded list out.

        Args:
            requirements: The list.
            locks: The recorded lock files by name; one that cannot be read gives no hashes.
            named_alone: Take what came from an address by its name, from where all comes from.
        """
        hashes = _hashes_in(locks) if locks else {}
        labels = {line.partition("+")[0]: line for line in requirements.labelled}
        exact, plain, hashed = [], [], []
        for line in requirements.pins:
            pin = line.partition(" @ ")[0] if named_alone else line
            known = hashes.get(_key(labels.get(pin, pin))) or hashes.get(_key(pin))
            if known:
                listed = " ".join(f"--hash=sha256:{one}" for one in known)
                hashed.append(f"{pin} {listed}")
            else:
                plain.append(pin)
                exact.append(labels.get(pin, pin))
        return cls(tuple(exact), tuple(plain), tuple(hashed))

    @property
    def line(self) -> str:
        """One phrase for people."""
        count = _count(len(self.plain) + len(self.hashed))
        if not self.hashed:
            return f"{count} by version" if self.plain else "no packages"
        return f"{count}, {len(self.hashed)} of them checked by the hashes of the lock"

    def install(self, installer: Sequence[str], folder: Path, say: Callable[[str], None]) -> None:
        """Install everything.

        Packages are taken as the record lists them, without asking which others they need; when
        that cannot be had, once more by plain versions with what those need on this machine.

        Args:
            installer: The command up to the requirements.
            folder: For the lists.
            say: Takes a line for people.

        Raises:
            UnavailableError: The installer failed; its last words are given.
        """
        if self.hashed:
            say(f"installing {_count(len(self.hashed))} by hash")
            hashed = _listed(folder / "hashed.txt", self.hashed)
            fault = _run([*installer, "--no-deps", "--require-hashes", "-r", hashed])
            if fault:
                raise _failed(fault)
        if self.plain:
            say(f"installing {_count(len(self.plain))} by version")
            exact = _listed(folder / "exact.txt", self.exact)
            if _run([*installer, "--no-deps", "-r", exact]):
                plain = _listed(folder / "plain.txt", self.plain)
                fault = _run([*installer, "-r", plain])
                fault = fault and _run([*installer, "--no-deps", "-r", plain])
                if fault:
                    raise _failed(fault)


def other_packages(recorded: Environment, own: Sequence[str]) -> list[str]:
    """Return what of the recorded Python and imported packages is another in this process.

    Args:
        recorded: environment.yaml.
        own: Distributions that come from the repository itself.
    """
    found = []
    python = recorded.python.version if recorded.python else platform.python_version()
    if python != platform.python_version():
        found.append(f"Python {python} was recorded, here is {platform.python_version()}")
    for name, version in (recorded.packages or {}).items():
        if version is None or name in own:
            continue
        try:
            here = metadata.version(name)
        except metadata.PackageNotFoundError:
            here = "none"
        if here != version:
            found.append(f"{name} {version} was recorded, here is {here}")
    left = len(found) - _MOST
    return found if left <= 0 else [*found[:_MOST], f"and {left} more packages differ"]


def _count(number: int) -> str:
    return "1 package" if number == 1 else f"{number} packages"


def _hashes_in(locks: Mapping[str, bytes]) -> dict[tuple[str, str], tuple[str, ...]]:
    from reportgen.runs.lock_files import read_lock

    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for name, data in sorted(locks.items()):
        try:
            lock = read_lock(name, data)
        except UnreadableError:
            continue
        for package in lock.foreign:
            if package.version and package.sha256 and package.hashed:
                key = (package.name, package.version)
                found[key] = tuple(sorted({*found.get(key, ()), *package.sha256}))
    return found


def _key(pin: str) -> tuple[str, str]:
    from reportgen.runs.lock_files import normal

    name, _, version = pin.partition("==")
    return normal(name), version


def _listed(place: Path, lines: Sequence[str]) -> str:
    write_text(place, "".join(f"{line}\n" for line in lines))
    return str(place)


def _run(words: Sequence[str]) -> str:
    """Run the installer and return why it failed, empty when it did not."""
    done = subprocess.run(list(words), capture_output=True, stdin=subprocess.DEVNULL)
    if done.returncode == 0:
        return ""
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    errors = [line for line in said if "error" in line.lower()] or said
    return errors[-1][:_SHOWN] if errors else f"exit status {done.returncode}"


def _failed(fault: str) -> UnavailableError:
    return UnavailableError(
        f"the recorded packages cannot be installed: {fault}",
        fix="--env current uses the environment of this command",
    )
