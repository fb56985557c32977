"""One download that is enough to run a run again: ``reproduce.zip``.

The archive holds the files of the run as they are, without times, so that the same files give
the same bytes.
"""

from __future__ import annotations

import io
import zipfile

from reportgen.runs import layout
from reportgen.runs.view import RunView

PARCEL = "reproduce.zip"
_ALWAYS = (layout.REPRODUCE, layout.PATCH, layout.REQUIREMENTS, layout.CONFIG, layout.GIT)
_FOLDERS = (layout.CONFIG_FILES, layout.LOCK)
_BYTES = 20 * 2**20
_EPOCH = (1980, 1, 1, 0, 0, 0)


def parcel_of(view: RunView) -> tuple[bytes, tuple[str, ...]] | None:
    """Return the archive and the names in it; None without a script or beyond 20 MB."""
    if not view.exists(layout.REPRODUCE):
        return None
    places = [place for place in _ALWAYS if view.exists(place)]
    places += [place for folder in _FOLDERS for place in view.below(folder)]
    if sum(view.file_sizes[place] for place in places) > _BYTES:
        return None
    buffer = io.BytesIO()
    names = []
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for place in places:
            data = view.bytes(place, limit=_BYTES)
            if data is None:
                continue
            entry = zipfile.ZipInfo(place, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o755 if place == layout.REPRODUCE else 0o644) << 16
            archive.writestr(entry, data)
            names.append(place)
    return buffer.getvalue(), tuple(names)
