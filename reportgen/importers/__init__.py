"""Runs of other tools, read from their files: offline, without their libraries, nothing executed.

An importer is one module with ``detect`` and ``read`` (see :mod:`reportgen.importers.interface`)
and an entry in ``IMPORTERS``; writing the run folders is the same for all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from reportgen.errors import UsageError
from reportgen.importers.csv_tables import CsvImporter
from reportgen.importers.interface import Importer
from reportgen.importers.mlflow_files import MlflowFilesImporter
from reportgen.importers.tensorboard import TensorBoardImporter
from reportgen.importers.trainer_state import TrainerStateImporter
from reportgen.importers.wandb_files import WandbImporter
from reportgen.suggest import nearest

IMPORTERS: Final[tuple[Importer, ...]] = (
    WandbImporter(),
    MlflowFilesImporter(),
    TrainerStateImporter(),
    TensorBoardImporter(),
    CsvImporter(),
)
"""In the order in which a source is tried: runs of the first ones may hold files of later ones."""


def by_name(kind: str) -> Importer:
    """Return the importer of a kind.

    Raises:
        UsageError: There is none; the valid names are listed.
    """
    for importer in IMPORTERS:
        if importer.kind == kind:
            return importer
    kinds = [importer.kind for importer in IMPORTERS]
    raise UsageError(
        f"nothing imports {kind!r}", expected=" or ".join(kinds), fix=nearest(kind, kinds)
    )


def detected(source: Path) -> Importer | None:
    """Return the first importer that knows what ``source`` holds, None when none does.

    Raises:
        NotFoundError: There is no such file or folder.
        LimitError: It holds more files than are looked through.
    """
    return next((importer for importer in IMPORTERS if importer.detect(source)), None)
