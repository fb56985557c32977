"""Run every benchmark of this folder, one process each, and print their tables."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main() -> int:
    worst = 0
    for script in sorted(Path(__file__).parent.glob("bench_*.py")):
        done = subprocess.run([sys.executable, str(script), *sys.argv[1:]], check=False)
        if done.returncode:
            print(f"{script.name}: exit status {done.returncode}", file=sys.stderr)
            worst = done.returncode
    return worst


if __name__ == "__main__":
    sys.exit(main())
