"""Run every benchmark of this folder, one process each: what things cost, what the audit sees."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main() -> int:
    worst = 0
    folder = Path(__file__).parent
    costs = [[str(script), *sys.argv[1:]] for script in sorted(folder.glob("bench_*.py"))]
    for script, *words in [*costs, [str(folder / "planted.py")]]:
        done = subprocess.run([sys.executable, script, *words], check=False)
        if done.returncode:
            print(f"{Path(script).name}: exit status {done.returncode}", file=sys.stderr)
            worst = done.returncode
    return worst


if __name__ == "__main__":
    sys.exit(main())
