#!/usr/bin/env python3
"""Fetch the browser libraries that the site ships, unmodified, and pin what was fetched.

    python scripts/fetch_assets.py            fetch the versions in the lock file again
    python scripts/fetch_assets.py --check    compare the committed files with the lock file
    python scripts/fetch_assets.py vega=6.4.0 vega-lite=6.4.1 vega-embed=7.3.0 slickgrid=5.20.2

Packages come from the npm registry by ``npm pack``, which verifies each tarball against the
registry's digest. Only the named builds and the licence are taken out of it. The versions of
Vega's three are those that the altair in use writes specifications for
(``altair.SCHEMA_VERSION``). Their builds hold other packages; the licences of those are collected
into one file. SlickGrid's classic builds and js-sha256 hold nothing else.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

VENDOR = Path(__file__).resolve().parents[1] / "reportgen" / "site" / "assets" / "vendor"
LOCK = VENDOR / "lock.json"
BUILDS = {
    "vega": {"vega.min.js": "build/vega.min.js"},
    "vega-lite": {"vega-lite.min.js": "build/vega-lite.min.js"},
    "vega-embed": {"vega-embed.min.js": "build/vega-embed.min.js"},
    "slickgrid": {
        "slick.core.js": "dist/browser/slick.core.js",
        "slick.interactions.js": "dist/browser/slick.interactions.js",
        "slick.grid.js": "dist/browser/slick.grid.js",
    },
    "js-sha256": {"js-sha256.min.js": "build/sha256.min.js"},
}
"""The classic builds of each package by the name they get here, in the order of loading."""

NOTICES = "third-party.txt"
INSIDE = re.compile(
    r"d3-.*|delaunator|fast-json-patch|internmap|json-stringify-pretty-compact"
    r"|robust-predicates|semver|topojson-client|tslib"
)
"""The packages of other people that these builds are made of; the rest serves command lines."""


def main() -> int:
    """Fetch or check; the exit status is 1 when a committed file differs from the lock file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="fetch nothing, compare hashes")
    parser.add_argument("version", nargs="*", metavar="NAME=VERSION")
    args = parser.parse_args()
    if args.check:
        faults = list(differences())
        print("\n".join(faults) or "every vendored file is as the lock file says")
        return 1 if faults else 0
    versions = {entry["name"]: entry["version"] for entry in locked()["packages"]}
    versions.update(word.split("=", 1) for word in args.version)
    entries = [fetch(name, versions[name], builds) for name, builds in BUILDS.items()]
    drawing = [f"{name}@{versions[name]}" for name in BUILDS if name.startswith("vega")]
    text = notices(drawing).encode("utf-8")
    (VENDOR / NOTICES).write_bytes(text)
    lock = {"packages": entries, "notices": {NOTICES: hashlib.sha256(text).hexdigest()}}
    LOCK.write_text(json.dumps(lock, indent=2) + "\n", encoding="utf-8")
    return 0


def locked() -> dict[str, Any]:
    """Return the lock file, empty when there is none."""
    empty = {"packages": [], "notices": {}}
    return json.loads(LOCK.read_text(encoding="utf-8")) if LOCK.is_file() else empty


def differences() -> list[str]:
    """Name every committed file that is absent or not the one that was fetched."""
    lock = locked()
    files = dict(lock["notices"])
    for entry in lock["packages"]:
        files.update(entry["files"])
    faults = []
    for name, recorded in files.items():
        path = VENDOR / name
        if not path.is_file():
            faults.append(f"{name}: missing")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != recorded:
            faults.append(f"{name}: differs from the lock file")
    return faults


def notices(packages: list[str]) -> str:
    """Return the licences of what the builds hold, each text once under the names it covers."""
    by_text: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        flags = ("--ignore-scripts", "--no-save", "--no-audit", "--no-fund", "--silent")
        command = ["npm", "install", *flags, *packages]
        subprocess.run(command, cwd=scratch, check=True, capture_output=True)
        for path in sorted(Path(scratch, "node_modules").glob("*/package.json")):
            described = json.loads(path.read_text(encoding="utf-8"))
            if INSIDE.fullmatch(described["name"]):
                title = f"{described['name']} {described['version']} ({described['license']})"
                by_text.setdefault(licence(path.parent), []).append(title)
    parts = ["\n".join(names) + "\n\n" + text for text, names in by_text.items()]
    return ("\n" + "-" * 78 + "\n\n").join(parts)


def licence(folder: Path) -> str:
    """Return the licence text of an installed package."""
    found = [path for path in folder.iterdir() if path.name.upper().startswith("LICEN")]
    if not found:
        raise SystemExit(f"{folder.name}: no licence file")
    return min(found).read_text(encoding="utf-8").strip() + "\n"


def fetch(name: str, version: str, builds: dict[str, str]) -> dict[str, Any]:
    """Write one package's builds and licence, and return its entry of the lock file."""
    with tempfile.TemporaryDirectory() as scratch:
        command = ["npm", "pack", f"{name}@{version}", "--silent", "--json"]
        result = subprocess.run(command, cwd=scratch, check=True, capture_output=True, text=True)
        packed = json.loads(result.stdout)[0]
        with tarfile.open(Path(scratch) / packed["filename"]) as archive:
            described = json.loads(member(archive, "package.json"))
            files = {file: member(archive, build) for file, build in builds.items()}
            licences = [n for n in archive.getnames() if n.startswith("package/LICENSE")]
            files[f"{name}.LICENSE"] = member(archive, licences[0].removeprefix("package/"))
    VENDOR.mkdir(parents=True, exist_ok=True)
    for file, data in files.items():
        (VENDOR / file).write_bytes(data)
    print(f"{name} {version}: {sum(map(len, files.values()))} bytes", file=sys.stderr)
    return {
        "name": name,
        "version": version,
        "license": described["license"],
        "source": [f"npm:{name}@{version}/{build}" for build in builds.values()],
        "integrity": packed["integrity"],
        "files": {file: hashlib.sha256(data).hexdigest() for file, data in files.items()},
    }


def member(archive: tarfile.TarFile, path: str) -> bytes:
    """Return one regular file of an npm tarball."""
    stream = archive.extractfile(f"package/{path}")
    if stream is None:
        raise SystemExit(f"package/{path}: no regular file in {archive.name}")
    return stream.read()


if __name__ == "__main__":
    sys.exit(main())
