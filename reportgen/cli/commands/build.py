"""``reportgen build``: the site of some runs, as a folder that opens by double click."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.cli.importing import as_runs, complain_of_imports
from reportgen.cli.listing import complain, roots_of
from reportgen.cli.main import PARTLY
from reportgen.cli.options import add_json, add_settings, print_json, settings_of
from reportgen.cli.progress import progress
from reportgen.errors import UnreadableError, UsageError
from reportgen.terminal import one_line

if TYPE_CHECKING:
    from reportgen.config import Settings
    from reportgen.site.build import BuildResult
    from reportgen.site.project import Before


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "path",
        nargs="*",
        type=Path,
        help="a run folder, a folder that holds runs, or logs that `reportgen import` reads; the "
        "roots of the settings by default",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="SITE",
        default=Path("site"),
        help="folder of the site, replaced as a whole (default: site)",
    )
    parser.add_argument(
        "--theme", metavar="NAME|DIR", help="a built-in theme, or a theme's folder such as ./lab"
    )
    parser.add_argument(
        "--repository",
        type=Path,
        metavar="DIR",
        help="repository that runs are judged against, in place of the one around each",
    )
    parser.add_argument(
        "--base-report",
        type=Path,
        metavar="FILE",
        help="the JSON of an earlier audit: the pages of the audit say what changed since",
    )
    parser.add_argument("--title", help="heading of the overview")
    parser.add_argument(
        "--base-url", metavar="URL", help="where the site will stand, for links from 404.html"
    )
    parser.add_argument(
        "--single-file",
        action="store_true",
        help="write the page of one run as one HTML file, named by -o (default: RUN.html)",
    )
    parser.add_argument(
        "--strict", action="store_true", help="build nothing when a run cannot be read"
    )
    add_json(parser)
    add_settings(parser)


def run(args: argparse.Namespace) -> int:
    """Build the site; the status is 3 when some run could not be read.

    Raises:
        UnreadableError: ``--strict``, and some run cannot be read.
        ReportgenError: As :func:`reportgen.site.build.build_site`.
    """
    settings = settings_of(args, theme=args.theme, site={"title": args.title})
    with as_runs(roots_of(args, settings)) as (paths, imported):
        unreadable = [pair for one in imported for pair in one.unreadable]
        if args.strict and unreadable:
            raise UnreadableError(
                unreadable[0][1], where=unreadable[0][0], fix="Build without --strict"
            )
        complain_of_imports(unreadable)
        return max(_build(args, settings, paths), PARTLY if unreadable else 0)


def _build(args: argparse.Namespace, settings: Settings, paths: list[Path]) -> int:
    from reportgen.site.build import build_site
    from reportgen.site.gather import read_runs

    if args.strict:
        _, problems = read_runs(paths)
        if problems:
            first = problems[0]
            raise UnreadableError(
                f"{len(problems)} of the inputs cannot be read, the first: {first.message}",
                where=first.file,
                fix="Build without --strict to leave them out",
            )
    if args.single_file:
        result = _single(args, paths, settings)
    else:
        with progress(args, "building the site") as advance:
            result = build_site(
                paths,
                args.output,
                theme=settings.theme,
                base_url=args.base_url,
                settings=settings,
                repository=args.repository,
                before=_before(args.base_report, paths),
                advance=advance,
            )
    complain(result.problems)
    if args.json:
        print_json(
            {
                "runs": result.runs,
                "pages": result.pages,
                "bytes": result.bytes,
                "reused": result.reused,
                "seconds": result.seconds,
                "index": str(result.index),
            }
        )
    else:
        print(
            one_line(
                f"{result.index}: {result.runs} {'run' if result.runs == 1 else 'runs'}, "
                f"{result.pages} pages, "
                f"{result.bytes / 1e6:.1f} MB in {result.seconds:.1f} s"
            )
        )
    return PARTLY if result.problems else 0


def _before(file: Path | None, paths: Sequence[Path]) -> Before | None:
    if file is None:
        return None
    from reportgen.audit.base_report import read_report
    from reportgen.site.project import Before

    return Before(read_report(file, paths), file.name)


def _single(args: argparse.Namespace, paths: list[Path], settings: Settings) -> BuildResult:
    from reportgen.site.single_file import build_single

    if len(paths) != 1:
        raise UsageError(f"takes one run, not {len(paths)}", where="--single-file")
    run = paths[0]
    given = args.output != Path("site")
    output = args.output if given else Path(f"{run.resolve().name}.html")
    return build_single(
        run, output, settings=settings, theme=settings.theme, repository=args.repository
    )
