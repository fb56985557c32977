"""The recorded package list as something that an installer may be given.

A line of requirements.txt is ``name==version  # index | conda | this repository`` or
``name @ url@commit``. Everything else (``-e``, ``--index-url``, a path, a plain-text protocol) is
refused rather than handed on: an installer runs what it is pointed at. So is what came from
``a local folder``: an index that knows the name has a package of somebody else under it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,198}[A-Za-z0-9])?"
_PIN = re.compile(
    rf"(?P<name>{_NAME})==(?P<version>[0-9][A-Za-z0-9.!_-]{{0,98}})"
    r"(?P<label>\+[A-Za-z0-9._-]{1,98})?"
)
_DIRECT = re.compile(
    rf"{_NAME} @ (?:https|git\+https|git\+ssh)://"
    rf"(?:[A-Za-z0-9_.-]+@)?[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]{{1,5}})?/[A-Za-z0-9._~/%+=@-]{{1,900}}"
    r"(?:#(?:subdirectory|egg)=[A-Za-z0-9._/-]{1,200})?"
)
_COMMENT = re.compile(r"(?:^|\s)#(?P<text>.*)$")
_REMEMBERED = 2**20
_OWN = "this repository"
_LOCAL = "a local folder"
_STRANGERS = frozenset({"reportgen"})
"""Names of other people's distributions that a record can only mean by mistake."""


@dataclass(frozen=True, slots=True)
class Requirements:
    """A package list, sorted out.

    Attributes:
        pins: What to install, without local version labels: an index holds ``torch 2.13.0``
            and may serve it under ``2.13.0+cpu``, but rarely finds it under that name.
        labelled: The pins that lost a label, as recorded.
        own: Distributions that come from the repository of the run.
        refused: Lines that no installer is given, cut to 200 characters.
    """

    pins: tuple[str, ...] = ()
    labelled: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


def read_requirements(text: str) -> Requirements:
    """Return the package list in ``text``, the content of requirements.txt."""
    return _known(text) if len(text) < _REMEMBERED else _read(text)


@lru_cache(maxsize=16)
def _known(text: str) -> Requirements:
    """The runs of one environment have the same text."""
    return _read(text)


def _read(text: str) -> Requirements:
    pins: list[str] = []
    labelled: list[str] = []
    own: list[str] = []
    refused: list[str] = []
    for line in re.split(r"[\r\n]+", text):
        comment = _COMMENT.search(line)
        words = (line[: comment.start()] if comment else line).strip()
        if not words:
            continue
        origin = comment["text"].strip() if comment else ""
        pin = _PIN.fullmatch(words)
        if pin and origin == _OWN:
            own.append(pin["name"])
        elif pin and (_normal(pin["name"]) in _STRANGERS or origin == _LOCAL):
            refused.append(words[:200])
        elif pin:
            pins.append(f"{pin['name']}=={pin['version']}")
            if pin["label"]:
                labelled.append(words)
        elif _DIRECT.fullmatch(words):
            pins.append(words)
        else:
            refused.append(words[:200])
    return Requirements(tuple(pins), tuple(labelled), tuple(own), tuple(refused))


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
