"""Packages that reportgen uses where they are installed, and what each adds. None is imported."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import metadata

from reportgen.capture.distributions import installed_distributions, normal

OWN = "reportgen-runs"
STRANGER = "reportgen"
"""A package of other people that installs a module of our name."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class OptionalPackage:
    """A package that is used where it is installed.

    Attributes:
        distribution: Its name on the package index.
        enables: What is there with it and not without.
        extra: The extra of reportgen-runs that installs it; None where there is none.
    """

    distribution: str
    enables: str
    extra: str | None = None

    @property
    def version(self) -> str | None:
        """The installed version, or None."""
        return version_of(self.distribution)

    @property
    def install(self) -> str:
        """The command that installs it."""
        return (
            f"pip install '{OWN}[{self.extra}]'"
            if self.extra
            else (f"pip install {self.distribution}")
        )


OPTIONAL = (
    OptionalPackage(
        "torch",
        "checkpoints in its format, its seeds, run.watch, the optimizer's real settings",
        "torch",
    ),
    OptionalPackage("matplotlib", "run.log_figure of its figures"),
    OptionalPackage("safetensors", "save_checkpoint(format='safetensors')"),
    OptionalPackage("pyarrow", "the rows of Parquet inputs counted, export to Parquet", "parquet"),
    OptionalPackage("scipy", "McNemar's test in compare and diff", "stats"),
    OptionalPackage("nvidia-ml-py", "names, memory and load of NVIDIA devices", "nvidia"),
    OptionalPackage("tensorboard", "a mirror in TensorBoard's event files", "tensorboard"),
    OptionalPackage("wandb", "a mirror in Weights & Biases, for ExperimentTracker"),
)


def version_of(distribution: str) -> str | None:
    """Return the installed version of a distribution, or None."""
    found = installed_distributions().get(normal(distribution))
    return None if found is None else found.version or "unknown"


def missing_requirements() -> list[str]:
    """Return the packages that reportgen cannot do without and that are not installed.

    Empty too where reportgen itself is used from a folder: nothing then says what it needs.
    """
    try:
        lines = metadata.requires(OWN) or []
    except metadata.PackageNotFoundError:
        return []
    needed = [_NAME.match(line) for line in lines if "extra ==" not in line]
    return [match[0] for match in needed if match and version_of(match[0]) is None]
