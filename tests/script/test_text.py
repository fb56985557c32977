"""reproduce.sh as text: it reads back as what it was written from, and hides nothing."""

from __future__ import annotations

import re
import shutil
import string
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.errors import UnreadableError
from reportgen.script import ScriptFacts, parse_script, render_script
from reportgen.script.requirements import Requirements

TEXT = st.text(max_size=30) | st.text("'\"\\\n\r$`#=; !EOF-", max_size=12)
ARGUMENT = TEXT | st.binary(max_size=12).map(lambda data: data.decode("utf-8", "surrogateescape"))
HEX = st.text("0123456789abcdef", min_size=40, max_size=40)
WORD = st.text(string.ascii_letters + string.digits + ".-_", min_size=1, max_size=12)
PIN = st.builds("{}=={}".format, WORD, WORD)
VALUE = st.none() | st.text(string.printable.translate({10: None, 13: None}), max_size=12).filter(
    str.isprintable
)
NUMBER = st.integers() | st.floats(allow_nan=False) | st.sampled_from(["NaN", "-Infinity"])


def some(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(strategy, max_size=4).map(tuple)


FACTS = st.builds(
    ScriptFacts,
    run=TEXT,
    name=TEXT,
    writer=TEXT,
    commit=st.none() | HEX,
    tree=st.none() | HEX,
    patch_sha256=st.none() | HEX,
    remote=st.none() | st.just("git@example.org:team/project.git"),
    remote_refused=st.booleans(),
    left_out=some(TEXT),
    python=st.none() | st.just("3.11.7"),
    requirements=st.builds(
        Requirements, pins=some(PIN), labelled=some(PIN), own=some(WORD), refused=some(TEXT)
    ),
    argv=some(ARGUMENT),
    cwd=TEXT,
    python_program=st.booleans(),
    wrapped=st.booleans(),
    seeds=st.dictionaries(TEXT, st.integers(), max_size=3),
    variables=st.dictionaries(
        st.sampled_from(["OMP_NUM_THREADS", "MKL_CBWR", "PYTHONHASHSEED"]), VALUE, max_size=3
    ),
    inputs=some(st.fixed_dictionaries({"path": TEXT, "sha256": st.none() | HEX})),
    metrics=st.dictionaries(TEXT, st.tuples(NUMBER, st.integers(), st.integers()).map(list)),
    obstacles=some(TEXT),
    notes=some(TEXT),
)


@settings(max_examples=150, deadline=None)
@given(FACTS)
def test_a_script_reads_back_as_its_facts(facts: ScriptFacts) -> None:
    script = render_script(facts)
    assert parse_script(script) == facts
    assert render_script(parse_script(script)) == script


@settings(max_examples=100, deadline=None)
@given(FACTS)
def test_data_stands_in_comments_of_one_line_or_in_quoted_words(facts: ScriptFacts) -> None:
    head, _, _ = render_script(facts).partition("# ---- what is done with it")
    comments = [line for line in head.split("\n") if line.startswith("#")]
    assert len(comments) == 19
    assert all(len(line) <= 202 and line.isprintable() for line in comments)
    assert head.replace(comments[1], "").replace(comments[-1], "").isascii()


@settings(max_examples=10, deadline=None)
@given(FACTS)
def test_every_shell_reads_it_as_one_program(facts: ScriptFacts) -> None:
    script = render_script(facts).encode("utf-8")
    for shell in ("sh", "bash", "dash"):
        if found := shutil.which(shell):
            subprocess.run([found, "-n"], input=script, check=True)


@settings(max_examples=10, deadline=None)
@given(FACTS)
def test_the_shell_sees_what_the_parser_sees(facts: ScriptFacts) -> None:
    """Run the block of facts alone, in an otherwise empty environment, and look."""
    head, _, _ = render_script(facts).partition("# ---- what is done with it")
    words = ("COMMIT", "REMOTE", "REQUIREMENTS", "RECORDED", "OMP_NUM_THREADS", "MKL_CBWR")
    asking = "".join(f'printf "%s\\0" "${{{word}-unset}}"\n' for word in words)
    printed = subprocess.run(
        ["sh"], input=f"{head}\n{asking}".encode(), capture_output=True, check=True, env={}
    ).stdout
    seen = dict(zip(words, printed.decode().split("\0"), strict=False))
    assert seen["COMMIT"] == (facts.commit or "")
    assert seen["REMOTE"] == (facts.remote or "")
    assert seen["REQUIREMENTS"] == "\n".join(facts.requirements.pins)
    for name in ("OMP_NUM_THREADS", "MKL_CBWR"):
        value = facts.variables.get(name)
        assert seen[name] == ("unset" if value is None else value)
    assert seen["RECORDED"].isascii()


def test_no_heredoc_and_no_apostrophe_in_the_programs() -> None:
    script = render_script(ScriptFacts())
    assert not re.search(r"<<", script)
    folder = Path(str(parse_script.__code__.co_filename)).parent
    for name in ("steps.py", "comparison.py"):
        program = folder.joinpath(name).read_text()
        assert "'" not in program
        assert program in script, "a reader sees the program as it is"


def test_nothing_is_done_when_the_end_is_missing(tmp_path: Path) -> None:
    """A download that broke off executes nothing: all work is called from the last line."""
    script = render_script(ScriptFacts(obstacles=("x",)))
    cut = script.rstrip("\n").rsplit("\n", 1)[0]
    assert script.rstrip().endswith('main "$@"')
    result = subprocess.run(
        ["sh"], input=cut.encode(), cwd=tmp_path, capture_output=True, check=True
    )
    assert result.stdout + result.stderr == b""


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "#!/bin/sh\necho hello\n",
        "# ---- what was recorded\nrm -rf x\n# ---- what is done with it\n",
        "# ---- what was recorded\nCOMMIT='\n# ---- what is done with it\n",
        "# ---- what was recorded\nRECORDED=1\n# ---- what is done with it\n",
        "# ---- what was recorded\nRECORDED='{}'\n# ---- what is done with it\n",
    ],
)
def test_what_is_no_such_script_is_refused(damage: str) -> None:
    with pytest.raises(UnreadableError, match=r"reproduce\.sh: its facts cannot be read"):
        parse_script(damage)
