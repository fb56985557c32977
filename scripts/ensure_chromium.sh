#!/bin/sh
# Makes sure that a Chromium is there for the tests that look at the site in a browser.
# Installs the system package where that takes no password, else says what to do.

for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null 2>&1; then
        exit 0
    fi
done

if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    as_root=none
fi

if command -v apt-get >/dev/null 2>&1 && [ "$as_root" != none ]; then
    echo "Installing the system package chromium"
    log=$(mktemp)
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086 # as_root is empty or two words
    if { $as_root apt-get update && $as_root apt-get install -y --no-install-recommends chromium; } \
        >"$log" 2>&1 && command -v chromium >/dev/null 2>&1; then
        rm -f "$log"
        exit 0
    fi
    tail -n 5 "$log" >&2
    rm -f "$log"
fi

{
    echo "No Chromium found and none could be installed from here."
    echo "Install it (on Debian: apt-get install chromium; or Google Chrome) and run again;"
    echo "until then the tests that need a browser are skipped, and fail where CI is set."
} >&2
