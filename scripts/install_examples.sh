#!/bin/sh
# Installs reportgen, editable, and what its example runs need, from the lock where the lock is of
# this Python and platform. Elsewhere the versions may differ, and the runs' audits then say so.
#
# usage: install_examples.sh PYTHON

python=$1
pip() { "$python" -m pip --disable-pip-version-check -qq install "$@"; }

if pip --require-hashes -r requirements.lock; then
    pip --no-deps -e .
else
    echo "requirements.lock is not for this Python and platform, or not for these package indexes:" >&2
    echo "installing by the ranges of pyproject.toml instead; digits of the runs may differ." >&2
    pip -e '.[examples]'
fi
