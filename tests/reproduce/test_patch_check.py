"""What a replay is not given, although git would take it."""

from __future__ import annotations

import pytest

from reportgen.errors import UsageError
from reportgen.reproduce.patch_check import BINARY_BYTES, check_patch

HEAD = b"diff --git a/x b/x\n"
HARMLESS = {
    "new file": b"new file mode 100644\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+1\n",
    "executable": b"old mode 100644\nnew mode 100755\n",
    "link gone": b"deleted file mode 120000\n",
    "text that speaks of links": b"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+new file mode 120000\n",
    "binary": b"index 0..1\nGIT binary patch\nliteral 12\nzcmd\n\nliteral 0\nHcmV?\n",
}
REFUSED = {
    "link": b"new file mode 120000\n",
    "submodule": b"new file mode 160000\n",
    "file to link": b"old mode 100644\nnew mode 120000\n",
    "link moved": b"index " + b"0" * 40 + b".." + b"1" * 40 + b" 120000\n",
    "rename": b"similarity index 100%\nrename from x\nrename to ../y\n",
    "copy": b"copy from x\ncopy to y\n",
    "too large": b"GIT binary patch\nliteral %d\nzcmd\n" % (BINARY_BYTES + 1),
    "too large by difference": b"GIT binary patch\ndelta 1073741824\nzcmd\n",
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_runs_record_is_taken(name: str) -> None:
    check_patch(HEAD + HARMLESS[name])


@pytest.mark.parametrize("name", REFUSED)
def test_the_rest_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=r"git_diff\.patch"):
        check_patch(HEAD + REFUSED[name])


def test_links_are_taken_when_they_are_wanted() -> None:
    check_patch(HEAD + REFUSED["link"], allow_links=True)
    with pytest.raises(UsageError):
        check_patch(HEAD + REFUSED["rename"], allow_links=True)
