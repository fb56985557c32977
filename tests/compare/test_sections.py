"""Configuration, environment, seeds, data and command as facts."""

from __future__ import annotations

import msgspec
import pytest

from reportgen.compare import (
    command_section,
    compare_sections,
    config_section,
    data_section,
    environment_section,
    seed_section,
)
from reportgen.compare.command import arguments_of
from reportgen.runs.schema import Command, Data, Environment, Input


def environment(**keys: object) -> Environment:
    return msgspec.convert(keys, Environment)


def states(*sections: object) -> dict[str, str]:
    return {one.key: one.state for one in compare_sections(sections)}  # type: ignore[arg-type]


def test_a_configuration_goes_without_its_seeds() -> None:
    section = config_section({"lr": 0.1, "seed": 1, "data.split_seed": 2})
    assert section.facts == {"lr": 0.1}
    assert config_section(None).missing("lr") == "not recorded"


def test_environments() -> None:
    written = {
        "python": {"version": "3.11.7"},
        "packages": {"torch": "2.13.0", "numpy": "2.4.6"},
        "hardware": {"cpu": "a", "gpus": None},
        "host": "h1",
        "compute": {"wall_seconds": 3.0},
        "not_available": {"hardware.gpus": "no driver"},
    }
    one = environment_section(environment(**written), written)
    assert one.facts["packages.torch"] == "2.13.0"
    assert one.missing("hardware.gpus") == "not recorded"
    assert one.missing("determinism.threads") == "not recorded"
    assert not [key for key in one.facts if key.startswith(("host", "compute", "seeds"))]
    other = {**written, "packages": {"torch": "2.12.0"}}
    found = states(one, environment_section(environment(**other), other))
    assert found["packages.torch"] == "differs"
    assert found["packages.numpy"] == "differs"
    assert found["python.version"] == "same"
    assert states(one, environment_section(None, None))["python.version"] == "unknown"


def test_a_short_form_says_nothing_of_the_rest() -> None:
    short = environment_section(environment(python={"version": "3.11"}), {"python": "3.11"})
    assert short.facts["python.version"] == "3.11"
    assert short.missing("python.abi") == "not recorded"
    null = {"python": {"version": "3.11", "abi": None}}
    assert environment_section(environment(**null), null).facts["python.abi"] is None


def test_seeds_are_those_asked_for_and_those_set() -> None:
    written = {"seeds": {"torch": 7, "state_sha256": {"torch": "ab"}}}
    section = seed_section(environment(**written), written, {"training.seed": 7, "lr": 1})
    assert section.facts == {
        "config.training.seed": 7,
        "seeds.torch": 7,
        "seeds.state_sha256.torch": "ab",
    } | {k: v for k, v in section.facts.items() if v is None}
    assert seed_section(None, None, None).missing("config.seed") == "not recorded"


def test_data_by_input_and_split() -> None:
    train = Input(name="digits", path="data/digits.csv", sha256="a" * 64, rows=3)
    data = Data(inputs=[train], splits={"val": {"ids_sha256": "b"}, "seed": 0})
    section = data_section(data)
    assert section.facts == {
        "inputs.digits.path": "data/digits.csv",
        "inputs.digits.sha256": "a" * 64,
        "inputs.digits.rows": 3,
        "splits.val.ids_sha256": "b",
        "splits.seed": 0,
    }
    nothing = data_section(Data())
    assert set(states(section, nothing).values()) == {"unknown"}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--lr", "0.1", "--fast", "--name=x=y"], {"--lr": "0.1", "--fast": True, "--name": "x=y"}),
        (["--shift", "-0.5", "-v"], {"--shift": "-0.5", "-v": True}),
        (["fit", "more"], {"argument 1": "fit", "argument 2": "more"}),
        (["+model.width=64", "~a.b=1", "--on", "k=v"], {"+model.width": "64", "~a.b": "1"}),
        (["--add", "a", "--add", "b"], {"--add": ["a", "b"]}),
        (["-", "http://x?a=b"], {"argument 1": "-", "argument 2": "http://x?a=b"}),
    ],
)
def test_arguments(words: list[str], found: dict[str, object]) -> None:
    assert arguments_of(words).items() >= found.items()


def test_the_order_of_options_is_no_difference() -> None:
    one = command_section(Command(argv=["train.py", "--lr", "1", "--n", "2"], cwd="."))
    other = command_section(Command(argv=["train.py", "--n=2", "--lr=1"], cwd="."))
    assert set(states(one, other).values()) == {"same"}
    assert command_section(None).missing("program") == "not recorded"
