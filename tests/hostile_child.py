"""Run the command line in this process, with a record of everything it must never do.

Arguments: a file for the record, the git executable, the folders that may be written to (joined),
then the words of the command line.
"""

import json
import os
import resource
import sys

record, git, writable, *words = sys.argv[1:]
allowed = tuple(writable.split(os.pathsep))
seen: list[str] = []
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
NEVER = (
    "pickle.find_class",
    "socket.",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "os.spawn",
    "ctypes.dlopen",
    "urllib.Request",
    "os.link",
    "os.chmod",
    "os.truncate",
)


def watch(event: str, arguments: tuple[object, ...]) -> None:
    if event.startswith(NEVER):
        seen.append(f"{event} {arguments!r:.200}")
    elif event == "subprocess.Popen":
        if str(arguments[0]) != git:
            seen.append(f"started {arguments[0]!r:.100}")
    elif event == "open":
        path, _, flags = arguments
        if isinstance(flags, int) and flags & WRITING and isinstance(path, str | bytes):
            name = os.path.abspath(os.fsdecode(path))
            if name != os.devnull and not name.startswith(allowed):
                seen.append(f"wrote {name}")
    elif event == "os.symlink":
        name = os.path.abspath(os.fsdecode(arguments[1]))  # type: ignore[arg-type]
        if not name.startswith(allowed):
            seen.append(f"linked {name}")
    elif event in ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree"):
        name = os.path.abspath(os.fsdecode(arguments[0]))  # type: ignore[arg-type]
        if not name.startswith(allowed) and arguments[-1] in (-1, None):
            seen.append(f"{event} {name}")


def main() -> int:
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    sys.path = [part for part in sys.path if part != os.path.dirname(os.path.abspath(__file__))]
    from reportgen.cli.main import main as command

    # Byte code that Python itself keeps of our modules is no trace of the audited folder.
    sys.dont_write_bytecode = True
    sys.addaudithook(watch)
    status = command(words)
    loaded = {name: getattr(module, "__file__", None) or "" for name, module in sys.modules.items()}
    found = {"status": status, "seen": list(seen), "loaded": loaded}
    with open(record, "w") as file:
        json.dump(found, file)
    return status


if __name__ == "__main__":
    sys.exit(main())
