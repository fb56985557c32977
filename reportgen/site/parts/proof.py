"""What the page of a run carries so that a browser can check it against the run's seal.

The manifest and the small files whose content the page shows, byte for byte. It shows that page
and seal agree; who wrote the seal, and whether the numbers are true, it cannot show.
"""

from __future__ import annotations

import base64
from typing import Any

from reportgen.runs import layout
from reportgen.runs.view import RunView
from reportgen.site.model import Record
from reportgen.site.shards import DataFile, data_file

_SHOWN = (
    *(layout.RUN, layout.CONFIG, layout.METRICS, layout.SUMMARY, layout.METRIC_DEFINITIONS),
    *(layout.GIT, layout.PATCH, layout.ENVIRONMENT, layout.REQUIREMENTS, layout.DATA),
    *(layout.REPRODUCE, layout.TRAINING_LOG, layout.STDOUT, layout.STDERR, layout.ALERTS),
)
_FILE_BYTES = 2 * 2**20
_TOTAL_BYTES = 6 * 2**20


def proof_file(record: Record) -> DataFile | None:
    """Return the data of a run's proof; None for a run without a seal."""
    view = record.view
    seal = view.bytes(layout.MANIFEST, limit=_FILE_BYTES) if view.exists(layout.MANIFEST) else None
    if seal is None or view.manifest is None:
        return None
    files: dict[str, str] = {}
    left: list[str] = []
    total = 0
    for place in _shown(view):
        data = view.bytes(place, limit=_FILE_BYTES)
        if data is None or total + len(data) > _TOTAL_BYTES:
            left.append(place)
            continue
        total += len(data)
        files[place] = base64.b64encode(data).decode("ascii")
    document: dict[str, Any] = {
        "manifest": base64.b64encode(seal).decode("ascii"),
        "sealed": len(view.manifest.files),
        "files": files,
        "left": left,
        "metrics": {
            name: metric.last_step for name, metric in record.metrics.items() if metric.count
        },
    }
    return data_file(f"proof/{record.slug}", document)


def _shown(view: RunView) -> list[str]:
    return [place for place in _SHOWN if view.exists(place)]
