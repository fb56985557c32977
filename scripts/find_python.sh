#!/bin/sh
# Prints the first Python that can make the virtual environment: 3.11 or later, with venv
# and ensurepip. Each candidate is run, because a name on the path may be a shim without
# the version it stands for.
#
# usage: find_python.sh [CANDIDATE]

usable='import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))'

asked=${1:-}
if [ -n "$asked" ]; then
    set -- "$asked"
else
    set -- python3.13 python3.12 python3.11 python3 python
fi

for candidate; do
    if "$candidate" -c "$usable" >/dev/null 2>&1; then
        command -v "$candidate"
        exit 0
    fi
done

{
    echo "No usable Python found${asked:+: $asked does not do}; expected Python 3.11 or later with venv."
    echo "Install one (on Debian and Ubuntu: apt-get install python3 python3-venv), or name it:"
    echo "  make demo PYTHON=/path/to/python3.11"
} >&2
exit 1
