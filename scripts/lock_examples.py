"""Write requirements.lock: the packages that the example runs need, each with its hash.

    python scripts/lock_examples.py            resolve .[examples] anew and write the lock
    python scripts/lock_examples.py --check    say whether it is what `pip` would install here

The lock is of one environment: the Python and the platform that run this script, for which pip
picks one file of each package. It names versions and hashes of files and no place to have them
from: those are what pip is configured with. torch is its build for processors alone; where the
index has another build under the same version, add PyTorch's own index of such builds.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parents[1]
LOCK = TOP / "requirements.lock"
OWN = "reportgen-runs"


def main() -> None:
    parser = argparse.ArgumentParser(description="Lock what the example runs need.")
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    check = parser.parse_args().check
    text = lock_text(resolved())
    if not check:
        LOCK.write_text(text, encoding="ascii")
        print(f"{LOCK.name}: {text.count('==')} packages")
    elif LOCK.read_text(encoding="ascii") != text:
        sys.exit(f"{LOCK.name} is not what pip would install here; make it again without --check")


def resolved() -> list[dict[str, Any]]:
    """Return what pip would install into an empty environment, by its installation report.

    The report's format is version 1 of pip.pypa.io/en/stable/reference/installation-report.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        words = ["install", "--quiet", "--dry-run", "--ignore-installed", "--report", str(report)]
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *words]
        subprocess.run([*command, f"{TOP}[examples]"], check=True)
        found: list[dict[str, Any]] = json.loads(report.read_bytes())["install"]
        return found


def lock_text(packages: list[dict[str, Any]]) -> str:
    """Return the lock of the packages of an installation report."""
    made = f"{platform.python_implementation()} {platform.python_version().rpartition('.')[0]}"
    lines = [
        f"# Of {made} on {platform.system()} {platform.machine()}, by scripts/lock_examples.py.",
        "# Install with: pip install --require-hashes -r requirements.lock",
    ]
    for package in sorted(packages, key=lambda one: str(one["metadata"]["name"]).lower()):
        name, version = package["metadata"]["name"].lower(), package["metadata"]["version"]
        if name == OWN:
            continue
        digest = package["download_info"]["archive_info"]["hashes"]["sha256"]
        public = version.partition("+")[0]  # also matched by a build with a local label
        lines.append(f"{name}=={public} \\\n    --hash=sha256:{digest}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
