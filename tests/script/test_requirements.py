"""Package lists: what an installer may be given and what not."""

from __future__ import annotations

import pytest

from reportgen.script.requirements import read_requirements


def test_a_recorded_list_is_sorted_out() -> None:
    found = read_requirements(
        "numpy==2.4.6  # index\n"
        "torch==2.13.0+cpu  # index\r\n"
        "mkl==2025.1  # conda\n"
        "mine==0.1.dev0  # this repository\n"
        "lab @ git+https://example.org/lab.git@0123456789abcdef\n"
        "part @ git+ssh://git@example.org/lab.git@0123#subdirectory=part  # index\n"
        "\n# a comment\n"
    )
    assert found.pins == (
        "numpy==2.4.6",
        "torch==2.13.0",
        "mkl==2025.1",
        "lab @ git+https://example.org/lab.git@0123456789abcdef",
        "part @ git+ssh://git@example.org/lab.git@0123#subdirectory=part",
    )
    assert found.labelled == ("torch==2.13.0+cpu",)
    assert found.own == ("mine",)
    assert found.refused == ()


@pytest.mark.parametrize(
    "line",
    [
        "-e git+https://example.org/x",
        "--index-url https://example.org/simple",
        "--extra-index-url=https://example.org/simple",
        "-r other.txt",
        "x @ file:///srv/x",
        "x @ http://example.org/x.whl",
        "x @ https://user:word@example.org/x.whl",
        "x @ git+https://-oProxyCommand/x@1",
        "./x",
        "x",
        "x>=1",
        "x==1.0; rm -rf y",
        "x==1.0 --hash=sha256:0",
        "x==$(touch y)",
        "lib==1.0  # a local folder",
        "reportgen==0.1.4  # index",
        "Report_Gen==0.1.4  # index".replace("_", ""),
    ],
)
def test_what_could_execute_or_mean_another_package_is_refused(line: str) -> None:
    found = read_requirements(f"{line}\n")
    assert found.pins == ()
    assert len(found.refused) == 1


def test_the_own_distribution_is_no_stranger() -> None:
    assert read_requirements("reportgen-runs==1.0.0  # index").pins == ("reportgen-runs==1.0.0",)
