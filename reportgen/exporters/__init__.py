"""Run folders as files of other standards, offline: one module each."""

from __future__ import annotations

from reportgen.errors import UsageError
from reportgen.exporters.csv import Csv
from reportgen.exporters.interface import Exporter
from reportgen.exporters.json import Json
from reportgen.exporters.parquet import Parquet
from reportgen.exporters.ro_crate import RoCrate
from reportgen.exporters.tensorboard import TensorBoard

EXPORTERS: tuple[Exporter, ...] = (Csv(), Json(), Parquet(), TensorBoard(), RoCrate())
"""All exporters, in the order in which they are listed."""


def by_name(name: str) -> Exporter:
    """Return the exporter of a name.

    Raises:
        UsageError: There is none; those that there are are named.
    """
    for exporter in EXPORTERS:
        if exporter.name == name:
            return exporter
    known = ", ".join(exporter.name for exporter in EXPORTERS)
    raise UsageError(f"there is no exporter {name!r:.60}", expected=known)


__all__ = ["EXPORTERS", "Exporter", "by_name"]
