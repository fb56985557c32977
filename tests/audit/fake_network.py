"""Answers in place of the network, and a record of what was asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reportgen.audit.network import Head
from reportgen.errors import UnavailableError


class FakeNetwork:
    """Knows what it is given; whatever else is asked is out of reach.

    Args:
        heads: By address.
        pages: JSON by address; None is "not there".
        refs: Of each remote, the id of each reference by its name.
    """

    def __init__(
        self,
        heads: Mapping[str, Head] | None = None,
        pages: Mapping[str, Any] | None = None,
        refs: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self._known = {"head": heads or {}, "json": pages or {}, "refs": refs or {}}
        self.asked: list[str] = []

    def head(self, url: str) -> Head:
        return self._answer("head", url)

    def json(self, url: str, accept: str = "") -> Any:
        return self._answer("json", url)

    def refs(self, remote: str) -> dict[str, str]:
        return dict(self._answer("refs", remote))

    def _answer(self, kind: str, place: str) -> Any:
        self.asked.append(place)
        if place not in self._known[kind]:
            raise UnavailableError(f"{place} is out of reach")
        return self._known[kind][place]
