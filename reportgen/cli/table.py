"""The table of commands. A command is a module and a row here, nothing else."""

from __future__ import annotations

from keyword import iskeyword
from typing import NamedTuple


class Command(NamedTuple):
    """A row of the table.

    Attributes:
        name: The word after ``reportgen``.
        help: What it does, in one line without a full stop.
        example: A whole command line to try first; empty for most commands.
    """

    name: str
    help: str
    example: str = ""

    @property
    def module(self) -> str:
        own = f"{self.name}_" if iskeyword(self.name) else self.name
        return f"reportgen.cli.commands.{own}"


COMMANDS = (
    Command("run", "run any command as a tracked run", "reportgen run -- python train.py"),
    Command("audit", "judge how far runs can be trusted and repeated", "reportgen audit runs"),
    Command("build", "build the site of runs, a folder to open", "reportgen build runs -o site"),
    Command("serve", "show the site on this machine, built again as runs grow"),
    Command("publish", "bring a site to the branch that GitHub Pages serves, after a look at it"),
    Command("init", "write settings and workflows, and settle whether runs live in git"),
    Command("list", "list runs, chosen by a condition and sorted by any column"),
    Command("show", "show one run"),
    Command("compare", "show runs side by side, and why their results may differ"),
    Command("diff", "show what differs between two runs, their code included"),
    Command("reproduce", "run a run again elsewhere and judge what comes out"),
    Command("import", "write run folders of another tool's logs"),
    Command("export", "write runs as tables and documents for other tools"),
    Command("bundle", "pack one run for somebody else, as one file"),
    Command("unbundle", "unpack such a file, every hash checked"),
    Command("verify", "compare every hash of bundles, runs and models.yaml"),
    Command("keep", "hold the commits of runs by references"),
    Command("models", "name models, each bound to a checkpoint by its hash"),
    Command("label", "change tags, note and group of runs, or archive them"),
    Command("doctor", "tell what a run started here would record, and what is missing"),
    Command("checks", "list the checks of an audit"),
    Command("schema", "print the JSON Schemas of a run folder's documents and of results"),
)
"""In the order in which a newcomer meets them; ``reportgen`` alone shows the examples."""
