"""The golden run: a complete run folder that passes every check that applies, and variations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from reportgen.runs import layout
from reportgen.runs.schema import to_plain
from reportgen.runs.view import RunView
from reportgen.runs.writer import seal, write_plain
from reportgen.script.text import reproduce_script
from reportgen.testing import documents
from reportgen.testing.signing import sign_run


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()
"""In overrides: leave this key out."""

Overrides = Mapping[str, Any] | None
"""Keys laid over a golden document, level by level; None leaves the whole document out."""

_AS_IT_IS: Final[Mapping[str, Any]] = {}
_GOLDEN: Final[tuple[Mapping[str, Any], ...]] = ()


def make_run(
    root: Path,
    name: str = "mlp_digits_20260102-030405_lr0.1",
    *,
    project: str | None = "digits",
    group: str | None = "baseline",
    repository: Path | None = None,
    seed: int = documents.SEED,
    run: Overrides = _AS_IT_IS,
    config: Overrides = _AS_IT_IS,
    metrics: Iterable[Mapping[str, Any]] | bytes | None = _GOLDEN,
    definitions: Overrides = _AS_IT_IS,
    summary: Overrides = _AS_IT_IS,
    environment: Overrides = _AS_IT_IS,
    git: Overrides = _AS_IT_IS,
    data: Overrides = _AS_IT_IS,
    captured: Mapping[str, Overrides] = _AS_IT_IS,
    checkpoints: bool = True,
    files: Mapping[str, bytes | str | None] = _AS_IT_IS,
    sealed: bool = True,
    signed: bool = False,
) -> Path:
    """Write a complete run folder and return it.

    Without arguments it is the golden run: an MLP on digits, ten epochs of twelve steps, seed 7,
    a clean work tree. Each argument changes one thing of it.

    Args:
        root: The run goes to ``root/project/group/name``.
        name: Name of run and folder.
        project: Or None.
        group: Or None.
        repository: A git repository (:func:`make_repository`) that the run was made in: its
            commit, tree and patch are recorded, as the logger would. Without it the recorded
            commit exists nowhere.
        seed: Of the generators; loss, accuracy and predictions differ a little from seed to seed.
        run: Over run.yaml; None makes it no run of the standard.
        config: Over config.yaml.
        metrics: Records of metrics.jsonl in place of the golden ones, or the bytes of the file;
            None leaves the file out.
        definitions: Over metrics.yaml.
        summary: Over summary.yaml, which otherwise follows from the metrics.
        environment: Over environment.yaml.
        git: Over git_info.yaml.
        data: Over data.yaml.
        captured: Over captured/<name>.json, by name ("exit").
        checkpoints: Whether there are any.
        files: Bytes or text of further files by path; None leaves a golden one out.
        sealed: Whether manifest.json is written, last.
        signed: Whether it is signed with a key that :func:`reportgen.testing.golden_policy`
            knows; needs the package ``cryptography``.
    """
    folder = root.joinpath(*(part for part in (project, group) if part), name)
    folder.mkdir(parents=True)
    _put(folder, layout.RUN, documents.run_document(name, project, group), run)
    _put(folder, layout.CONFIG, documents.config_document(seed), config)
    _write(folder, layout.METRICS, _metric_bytes(metrics, seed))
    _put(folder, layout.METRIC_DEFINITIONS, documents.definitions_document(), definitions)
    _put(folder, layout.ENVIRONMENT, documents.environment_document(seed), environment)
    _put(folder, layout.DATA, documents.data_document(), data)
    plain: dict[str, bytes | str | None] = {**documents.plain_files(name, seed), **files}
    logs = ("stdout", "stderr", "training")
    streams = {stream: len(_bytes(plain.get(f"{stream}.log"))) for stream in logs}
    for place, document in documents.captured_documents(streams).items():
        _put(folder, f"{layout.CAPTURED}/{place}.json", document, captured.get(place, _AS_IT_IS))
    if checkpoints:
        _write_checkpoints(folder, seed)
    for path, content in plain.items():
        _write(folder, path, None if content is None else _bytes(content))
    _write_code(folder, repository, git, files)
    if run is not None and layout.REPRODUCE not in files:
        script = reproduce_script(RunView(folder))
        _write(folder, layout.REPRODUCE, script.encode("utf-8", "replace"))
    if summary is not None and run is not None:
        _put(folder, layout.SUMMARY, to_plain(RunView(folder).summary), summary)
    if sealed:
        seal(folder)
    if signed:
        sign_run(folder)
    return folder


def overlaid(document: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document with keys replaced, mappings level by level; ABSENT removes a key."""
    merged = dict(document)
    for key, value in overrides.items():
        if value is ABSENT:
            merged.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = overlaid(merged[key], value)
        else:
            merged[key] = value
    return merged


def _put(folder: Path, place: str, document: Mapping[str, Any], overrides: Overrides) -> None:
    if overrides is not None:
        write_plain(folder, place, overlaid(document, overrides))


def _write(folder: Path, place: str, content: bytes | None) -> None:
    path = folder / place
    if content is None:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _bytes(content: bytes | str | None) -> bytes:
    return content.encode() if isinstance(content, str) else content or b""


def _metric_bytes(metrics: Iterable[Mapping[str, Any]] | bytes | None, seed: int) -> bytes | None:
    if metrics is None or isinstance(metrics, bytes):
        return metrics
    records = documents.metric_records(seed) if metrics is _GOLDEN else metrics
    return b"".join(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in records)


def _write_checkpoints(folder: Path, seed: int) -> None:
    for path, (content, described) in documents.checkpoint_files(seed).items():
        _write(folder, path, content)
        write_plain(folder, path.removesuffix(".pt") + ".json", described)


def _write_code(
    folder: Path,
    repository: Path | None,
    git: Overrides,
    files: Mapping[str, bytes | str | None],
) -> None:
    document = documents.git_document()
    if repository is not None:
        from reportgen.capture.code import capture_code

        captured = capture_code(repository, run_root=None)
        document = to_plain(captured.git)
        document["dirty_end"] = document["dirty"]
        if captured.patch and layout.PATCH not in files:
            _write(folder, layout.PATCH, captured.patch)
    _put(folder, layout.GIT, document, git)
