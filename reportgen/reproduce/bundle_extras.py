"""The small files around a run in its bundle: results as a table, and recipes of environments."""

from __future__ import annotations

import csv
import io
import re

from reportgen.fs.documents import dump_yaml
from reportgen.fs.text import storable
from reportgen.runs.view import RunView
from reportgen.script.facts import ScriptFacts

_COLUMNS = ("metric", "goal", "last", "last_step", "best", "best_step", "count")
_CONDA = re.compile(r"(?m)^([A-Za-z0-9._-]+)==([A-Za-z0-9._!-]+)\s+#\s*conda\s*$")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def results_csv(view: RunView) -> bytes:
    """Return a row a metric: last and best value with their steps, numbers as recorded.

    A name that a spreadsheet would take for a formula starts with an apostrophe.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for name, one in sorted(view.summary.metrics.items()):
        plain = f"'{name}" if name.startswith(_FORMULA) else name
        cells = (one.last, one.last_step, one.best, one.best_step, one.count)
        shown = ["" if cell is None else cell for cell in (view.goal(name), *cells)]
        writer.writerow([storable(plain), *shown])
    return file.getvalue().encode()


def dockerfile(facts: ScriptFacts, *, wheels: bool) -> str:
    """Return a Dockerfile: building it installs the packages, running it repeats the run."""
    version = facts.python or "3"
    pins = " ".join(f"'{pin.partition(' @ ')[0] if wheels else pin}'" for pin in _pins(facts))
    source = " --no-index --find-links /bundle/wheels" if wheels else ""
    install = f"RUN python -m pip install --no-cache-dir{source} {pins}" if pins else ""
    lines = [
        "# docker build -t run . && docker run --rm run",
        f"FROM python:{version}-slim",
        "RUN apt-get update && apt-get install --yes --no-install-recommends git \\",
        "    && rm -rf /var/lib/apt/lists/*",
        "COPY wheels /bundle/wheels" if wheels else "",
        install,
        "COPY . /bundle",
        "ENV REPORTGEN_PYTHON=/usr/local/bin/python",
        'ENTRYPOINT ["sh", "/bundle/run/reproduce.sh"]',
    ]
    return "\n".join(line for line in lines if line) + "\n"


def _pins(facts: ScriptFacts) -> list[str]:
    return [pin for pin in facts.requirements.pins if "'" not in pin]


def conda_environment(facts: ScriptFacts, requirements: str) -> str:
    """Return an environment.yml: conda's packages from conda, the others by its pip.

    Args:
        facts: Version of Python and packages.
        requirements: The recorded requirements.txt, which says where each package came from.
    """
    from_conda = dict(_CONDA.findall(requirements))
    others = [pin for pin in facts.requirements.pins if pin.partition("==")[0] not in from_conda]
    own = [f"{name}={version}" for name, version in from_conda.items() if name != "pip"]
    python = f"python={facts.python}" if facts.python else "python"
    dependencies: list[object] = [python, *sorted(own), "git", "pip"]
    if others:
        dependencies.append({"pip": [pin for pin in others if not pin.startswith("pip==")]})
    return dump_yaml({"name": "run", "channels": ["conda-forge"], "dependencies": dependencies})
