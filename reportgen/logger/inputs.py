"""data.yaml and captured/splits.json: what went in, and which examples went where.

Inputs are fingerprinted in the background. Splits are kept as hashes of the ids, eight bytes
each, so that an auditor can recount them and look for an example in two splits, and nobody
learns the ids.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from reportgen.capture.data import capture_input, input_name
from reportgen.errors import UsageError
from reportgen.logger.config import plain_value
from reportgen.logger.context import RunContext, describe
from reportgen.logger.values import number_of, type_name
from reportgen.runs import layout
from reportgen.runs.redact import redact_value
from reportgen.runs.schema import Data, Input

InputSpec = str | os.PathLike[str] | Mapping[str, Any]
Submit = Callable[[str, Callable[[], object]], None]

SPLIT_HASH = "the first 8 bytes of the SHA-256 of the id as text"
_KEPT_IDS = 200_000
_ID_BYTES = 8


def checked_input(spec: Any) -> InputSpec:
    """Return an input as it was given.

    Raises:
        UsageError: It is no description of an input, or names a file that does not exist.
    """
    input_name(spec)
    path = spec.get("path") if isinstance(spec, Mapping) else spec
    if path is not None and not Path(path).expanduser().exists():
        raise UsageError(
            "there is no such file or folder",
            where=f"data: {os.fspath(path)!r:.200}",
            expected="an input that exists, seen from the working directory",
            fix='For data made elsewhere give {"name": ..., "url": ...} or a package or generator.',
        )
    found: InputSpec = spec
    return found


class DataRecord:
    """The inputs and splits of one run.

    Args:
        context: The run.
        submit: Takes a name and a task, and runs it in the background.
        top: Top of the repository; paths below it are recorded relative to it.
    """

    def __init__(self, context: RunContext, submit: Submit, top: Path | None) -> None:
        self._context = context
        self._submit = submit
        self._top = top
        self._data = Data()

    def add(self, spec: InputSpec) -> None:
        """Record an input; its hash follows from the background.

        Raises:
            UsageError: As :func:`checked_input`.
        """
        name = input_name(checked_input(spec))
        entry = Input(name=name)
        with self._context.lock:
            place = next(
                (i for i, known in enumerate(self._data.inputs) if known.name == name), None
            )
            if place is None:
                self._data.inputs.append(entry)
            else:
                self._data.inputs[place] = entry
            self._data.not_available[name] = "not hashed yet"
        self._submit(f"input {name}", lambda: self._capture(spec, entry))

    def _capture(self, spec: InputSpec, entry: Input) -> None:
        try:
            found, reason = capture_input(spec, top=self._top)
        except Exception as error:
            found, reason = entry, describe(error)
        found.version, redacted = redact_value(found.version, "version")
        with self._context.lock:
            self._data.inputs = [found if known is entry else known for known in self._data.inputs]
            self._data.not_available.pop(entry.name, None)
            if reason is not None:
                self._data.not_available[entry.name] = reason
            self._context.run.redacted += redacted
            self._context.write(layout.DATA, self._data)
        if found.version and "declared" in found.version:
            self._context.warn(
                f"{found.path} is not what {found.version.get('file')} says: "
                "run `dvc add` or `dvc commit`, or nobody gets these bytes back"
            )

    def set_splits(
        self, splits: Mapping[str, Iterable[Any]], *, method: str | None, seed: int | None
    ) -> None:
        """Record which examples are in which split.

        Args:
            splits: The ids (numbers or text) of each split's examples.
            method: How they were divided ("random", "by patient").
            seed: Of the division.

        Raises:
            UsageError: Not a mapping of names to ids.
        """
        ids = {str(name): _listed(name, values) for name, values in _checked(splits).items()}
        described = {"method": method, "seed": None if seed is None else number_of(seed)}
        self._submit("splits", lambda: self._record_splits(ids, described))

    def _record_splits(self, ids: dict[str, list[Any]], described: dict[str, Any]) -> None:
        hashes = {name: sorted(map(_hashed, values)) for name, values in ids.items()}
        document, kept = split_hashes(hashes)
        if self._context.write(layout.SPLITS, document) and kept < 1:
            self._context.leave_out("hashes of ids above a bound", layout.SPLITS, "size")
        with self._context.lock:
            self._data.splits = {
                **{
                    name: {"count": len(all_), "ids_sha256": _sha256(all_)}
                    for name, all_ in hashes.items()
                },
                **described,
            }
            self._context.write(layout.DATA, self._data)

    def write(self) -> None:
        """Write data.yaml as it stands."""
        with self._context.lock:
            self._context.write(layout.DATA, self._data)

    def too_late(self, unfinished: Iterable[str]) -> None:
        """Say of inputs that were not hashed when the run ended that this took too long."""
        with self._context.lock:
            for name in unfinished:
                known = name.removeprefix("input ")
                if known in self._data.not_available:
                    self._data.not_available[known] = "took too long: the run ended before"
                elif name == "splits":
                    self._data.not_available["splits"] = "took too long: the run ended before"


def split_hashes(hashes: Mapping[str, list[bytes]]) -> tuple[dict[str, Any], float]:
    """Return captured/splits.json, and the share of the hash space that it keeps.

    Args:
        hashes: The sorted hashes of each split. Beyond 200,000 in all, only those below one
            bound are kept, the same in every split, so that an example in two splits still
            shows.
    """
    total = sum(map(len, hashes.values()))
    share = 1.0 if total <= _KEPT_IDS else _KEPT_IDS / total
    bound = int(share * 2**64).to_bytes(_ID_BYTES + 1)
    document: dict[str, Any] = {"hash": SPLIT_HASH, "kept": round(share, 9)}
    for name, values in hashes.items():
        kept = [value for value in values if share == 1.0 or b"\0" + value < bound]
        document[name] = base64.b64encode(b"".join(kept)).decode("ascii")
    return document, share


def _checked(splits: Any) -> Mapping[Any, Any]:
    if not isinstance(splits, Mapping) or not splits:
        raise UsageError(
            f"the splits are of type {type_name(splits)}",
            where="run.log_splits",
            expected='a mapping of names to ids, such as {"train": ids, "val": ids}',
        )
    reserved = {"method", "seed", "hash", "kept"} & {str(name) for name in splits}
    if reserved:
        raise UsageError(
            f"{reserved.pop()!r} cannot name a split",
            where="run.log_splits",
            expected='names such as "train", "val" and "test"',
        )
    return splits


def _listed(name: object, values: Any) -> list[Any]:
    if isinstance(values, str | bytes | Mapping):
        values = None
    try:
        listed: list[Any] = values.tolist() if hasattr(values, "tolist") else list(values)
    except TypeError:
        raise UsageError(
            f"the ids of {name!r:.60} are no sequence",
            where="run.log_splits",
            expected="a list or an array of numbers or texts, one an example",
            fix="Use positions in the data set when examples have no id.",
        ) from None
    return listed


def _hashed(identity: Any) -> bytes:
    number = None if isinstance(identity, str) else number_of(identity)
    if isinstance(number, float) and number.is_integer():  # an index column that became float
        number = int(number)
    text = str(plain_value(identity) if number is None else number)
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()[:_ID_BYTES]


def _sha256(hashes: list[bytes]) -> str:
    return hashlib.sha256(b"".join(hashes)).hexdigest()
