"""Paths written by other people: which are safe to follow, and which names are safe to make."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from reportgen.errors import UnsafePathError

_DRIVE = re.compile(r"^[A-Za-z]:")
_RESERVED = re.compile(
    r"^(con|prn|aux|nul|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3])(\.|$)", re.IGNORECASE
)
_NOT_SLUG = re.compile(r"[^a-z0-9.]+")


def safe_relpath(text: str) -> str:
    """Return ``text`` when it names something inside its own folder.

    Nothing is decoded: ``%2e%2e`` is an ordinary, if odd, name.

    Args:
        text: A relative POSIX path, as a record gives it.

    Raises:
        UnsafePathError: Absolute, empty, a URL, below a home directory, with a drive, a
            backslash or a NUL, or with a part that is ``.``, ends in ``..`` or is empty
            (problem ``path.unsafe``).
    """
    reason = _unsafe_reason(text)
    if reason:
        raise UnsafePathError(
            f"the path {text!r:.200} {reason}",
            expected="a relative path inside the run folder",
            problem="path.unsafe",
        )
    return text


def _unsafe_reason(text: str) -> str | None:
    if not text:
        return "is empty"
    if "\0" in text:
        return "holds a NUL"
    if "\\" in text:
        return "holds a backslash"
    if text.startswith("/") or _DRIVE.match(text):
        return "is absolute"
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text):
        return "is a URL"
    if re.match(r"~[^/]*/|~$", text):
        return "is below a home directory"
    if any(part in ("", ".") or part.endswith("..") for part in text.split("/")):
        return "has an empty, '.' or '..' part"
    return None


def slug(name: str, *, length: int = 60) -> str:
    """Return a file name for ``name`` that every file system and web server accepts.

    The result matches ``[a-z0-9][a-z0-9.-]*`` and ends in eight hexadecimal digits of the
    SHA-256 of ``name``, so that two names never share one, whatever their case or accents.

    Args:
        name: Any text.
        length: Characters kept of the readable part.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    readable = _NOT_SLUG.sub("-", plain.lower()).strip("-.")[:length].strip("-.") or "x"
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{readable}-{digest}"


def is_portable(name: str) -> bool:
    """Tell whether ``name`` is one file name that Windows, macOS and Linux all accept."""
    return (
        0 < len(name.encode("utf-8", "surrogatepass")) <= 255
        and not re.search(r'[<>:"/\\|?*\x00-\x1f\x7f\ud800-\udfff]', name)
        and name[-1] not in " ."
        and not _RESERVED.match(name)
        and unicodedata.normalize("NFC", name) == name
    )


def portable_component(text: str) -> str:
    """Return ``text`` as one file name that every system accepts, changed as little as possible.

    Used for the names of run folders: ``resnet18_lr0.1`` stays itself.
    """
    kept = re.sub(r"[^\w.=+,@()-]+", "-", unicodedata.normalize("NFC", text))
    kept = re.sub(r"[\ud800-\udfff]", "-", kept).strip("-. ") or "run"
    kept = kept.encode("utf-8")[:150].decode("utf-8", "ignore").rstrip("-. ") or "run"
    return f"run-{kept}" if _RESERVED.match(kept) or kept.startswith("_") else kept
