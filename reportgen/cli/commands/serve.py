"""``reportgen serve``: build the site, show it on this machine, build again as runs grow."""

from __future__ import annotations

import argparse
import signal
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.cli.listing import complain, roots_of
from reportgen.cli.options import add_settings, note, settings_of
from reportgen.terminal import one_line

if TYPE_CHECKING:
    from reportgen.site.build import BuildResult


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.epilog = "Only this machine can reach it. Ctrl-C ends it."
    parser.add_argument(
        "path",
        nargs="*",
        type=Path,
        help="a run folder or a folder that holds runs; the roots of the settings by default",
    )
    parser.add_argument(
        "--port", type=int, metavar="N", help="port (default: 8420, or a free one if it is taken)"
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="SITE",
        help="folder of the site, replaced as a whole (default: one in the user's cache)",
    )
    parser.add_argument(
        "--theme", metavar="NAME|DIR", help="a built-in theme, or a theme's folder such as ./lab"
    )
    parser.add_argument("--repository", type=Path, metavar="DIR", help="as for `reportgen build`")
    add_settings(parser)


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C; the status is then 0.

    Raises:
        ReportgenError: The first build fails, or the port cannot be used.
    """
    from reportgen.site.serve import Follower, open_server, served_folder

    settings = settings_of(args, theme=args.theme)
    paths = roots_of(args, settings)
    output = args.output or served_folder(paths) or Path(tempfile.mkdtemp(prefix="reportgen-"))
    follower = Follower(
        paths,
        output,
        settings=settings,
        theme=settings.theme,
        repository=args.repository,
        built=lambda result: note(args, _told(result)),
        failed=lambda error: note(args, f"The old site stands: {error}"),
    )
    result = follower.build()
    complain(result.problems)
    with open_server(output.absolute(), args.port) as server:
        signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
        threads = [
            threading.Thread(target=work, daemon=True)
            for work in (server.serve_forever, follower.follow)
        ]
        for thread in threads:
            thread.start()
        print(
            one_line(f"http://127.0.0.1:{server.server_address[1]}/ : {_told(result)}"), flush=True
        )
        try:
            threads[1].join()
        except KeyboardInterrupt:
            follower.stop()
            server.shutdown()
            threads[1].join(5)
    return 0


def _told(result: BuildResult) -> str:
    return f"{result.runs} {'run' if result.runs == 1 else 'runs'}, built in {result.seconds:.1f} s"
