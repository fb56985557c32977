"""A recorded list as an installer takes it."""

from __future__ import annotations

from reproduce.test_environment import lock

from reportgen.reproduce.packages import Packages
from reportgen.script.requirements import read_requirements


def test_labels_are_asked_for_first() -> None:
    said = read_requirements("torch==2.1+cpu  # index\nnumpy==2.0  # index\n")
    packages = Packages.of(said, {})
    assert packages.exact == ("torch==2.1+cpu", "numpy==2.0")
    assert packages.plain == ("torch==2.1", "numpy==2.0")
    hashed = Packages.of(said, lock("numpy", "2.0", "a" * 64))
    assert hashed.hashed == (f"numpy==2.0 --hash=sha256:{'a' * 64}",)
    assert hashed.exact == ("torch==2.1+cpu",)
    assert hashed.line == "2 packages, 1 of them checked by the hashes of the lock"
    assert Packages.of(said, {"uv.lock": b"not = [toml"}).hashed == ()
