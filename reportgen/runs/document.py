"""What every document of the run folder is built of."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Time = Annotated[str, Meta(description="ISO 8601, UTC, milliseconds, Z")]
Bytes = Annotated[int, Meta(ge=0)]
Count = Annotated[int, Meta(ge=0)]
Number = int | float
Goal = Literal["minimize", "maximize"]
NotAvailable = dict[str, str]
"""Key to the reason why it could not be found out."""


class Document(Struct, kw_only=True):
    """Base of all: keyword-only; every field is written, so that null means "none"."""
