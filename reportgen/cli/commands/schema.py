"""``reportgen schema``: the JSON Schemas of run folder and results, generated from their types."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import orjson

from reportgen.audit.formats.json import schema as audit_schema
from reportgen.cli.importing import import_schema
from reportgen.cli.options import note, print_json
from reportgen.compare.document import comparison_schema
from reportgen.errors import NotFoundError, UsageError
from reportgen.fs.atomic import write_bytes
from reportgen.reproduce.documents import json_schemas as bundle_schemas
from reportgen.runs.schema import json_schemas
from reportgen.suggest import nearest

AUDIT = "audit.json"
"""What ``reportgen audit --format json=audit.json`` writes."""
COMPARE = "compare.json"
"""What ``reportgen compare --json`` and ``reportgen diff --json`` print."""
IMPORT = "import.json"
"""What ``reportgen import --json`` prints."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "document",
        nargs="*",
        help="a document by its place in the run folder, such as run.yaml; audit.json and "
        "verify.json for results, bundle.json for the list of a bundle; all by default",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="DIR",
        help="write one file a document into this folder, made if need be",
    )


def run(args: argparse.Namespace) -> int:
    """Print the schema of one document, or a mapping from place to schema.

    Raises:
        NotFoundError: No document of that name is part of the run folder, and no result.
        UsageError: The folder cannot be written.
    """
    schemas = _chosen(args.document)
    if args.output is None:
        print_json(schemas[args.document[0]] if len(args.document) == 1 else schemas)
    else:
        _write(schemas, args.output)
        note(args, f"Wrote {len(schemas)} schemas to {args.output}")
    return 0


def file_name(place: str) -> str:
    """Return the file name of a document's schema.

    >>> file_name("captured/modules.json"), file_name("checkpoints/<name>.json")
    ('captured-modules.schema.json', 'checkpoints.schema.json')
    """
    stem = place.rpartition(".")[0].replace("/<name>", "").replace("/<time>", "")
    return f"{stem.replace('/', '-')}.schema.json"


def published() -> dict[str, dict[str, Any]]:
    """Return every schema: documents by their place in the run folder, results by a file name."""
    return {
        **json_schemas(),
        AUDIT: audit_schema(),
        **bundle_schemas(),
        COMPARE: comparison_schema(),
        IMPORT: import_schema(),
    }


def _chosen(places: list[str]) -> dict[str, dict[str, Any]]:
    schemas = published()
    for place in places:
        if place not in schemas:
            raise NotFoundError(f"no document {place!r}", fix=nearest(place, schemas))
    return {place: schemas[place] for place in places or schemas}


def _write(schemas: dict[str, dict[str, Any]], folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for place, schema in schemas.items():
            text = orjson.dumps(schema, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
            write_bytes(folder / file_name(place), text)
    except OSError as error:
        raise UsageError(
            f"cannot be written: {error.strerror}",
            where=str(error.filename or folder),
            fix="Name a folder that you may write to.",
        ) from None
