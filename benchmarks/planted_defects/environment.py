"""Defects of the environment: seeds, packages, locks, machine, clocks."""

from __future__ import annotations

from typing import Any

from planted_defects.defect import Defect, Plant, drop, lay, put, relog, several, swap
from planted_defects.lab import Lab, Record
from reportgen.seeds import expected_state_sha256
from reportgen.testing import ABSENT
from reportgen.testing.repositories import lock_file

ENVIRONMENT = "environment.yaml"
REQUIREMENTS = "requirements.txt"
MODULES = "captured/modules.json"
EXIT = "captured/exit.json"
LIBRARIES = ("python", "numpy", "torch")
GPU = {"name": "Example GPU", "memory_bytes": 16 * 2**30}


def _states(seed: int) -> dict[str, str | None]:
    return {name: expected_state_sha256(name, seed) for name in LIBRARIES}


def _environment(**changes: Any) -> Plant:
    return lay(ENVIRONMENT, changes)


def _same_seed(lab: Lab) -> None:
    """The seed of a sibling, set and recorded everywhere."""
    seeds: dict[str, Any] = dict.fromkeys(LIBRARIES, 8)
    lab.lay(ENVIRONMENT, {"seeds": {**seeds, "state_sha256": _states(8)}})
    lab.lay("config.yaml", {"seed": 8})


def _on_gpu(**accelerator: Any) -> Plant:
    """A plant that puts the training on a GPU of which this much is recorded."""
    return _environment(
        hardware={"gpus": [GPU]},
        compute={"device_seconds": 28.0},
        accelerator=accelerator or None,
        seeds={"cuda": 7},
    )


def _ran(**versions: str) -> Plant:
    """A plant that has other versions run than are locked, and listed as they ran."""

    def plant(lab: Lab) -> None:
        packages = {**lab.document(ENVIRONMENT)["packages"], **versions}
        lab.lay(ENVIRONMENT, {"packages": packages})
        lab.put(REQUIREMENTS, "".join(f"{n}=={v}  # index\n" for n, v in packages.items()))

    return plant


def _late(records: list[Record]) -> list[Record]:
    """The last metric was logged a day after the end."""
    records[-1]["time"] += 86_400
    return records


SEEDS = (
    Defect("no seed is recorded", "environment.seeds-recorded", _environment(seeds=None)),
    Defect(
        "the seed of torch is not recorded",
        "environment.seeds-recorded",
        _environment(seeds={"torch": None}),
        least="partial",
    ),
    Defect(
        "the seed is recorded and was never set",
        "environment.seeds-rng-state-verified",
        _environment(seeds={"state_sha256": _states(1234)}),
    ),
    Defect(
        "one of three libraries was seeded otherwise",
        "environment.seeds-rng-state-verified",
        _environment(seeds={"state_sha256": {"numpy": expected_state_sha256("numpy", 0)}}),
    ),
    Defect(
        "another seed is claimed than the states are of",
        "environment.seeds-rng-state-verified",
        several(
            _environment(seeds={"python": 42, "numpy": 42, "torch": 42}),
            lay("config.yaml", {"seed": 42}),
        ),
    ),
    Defect(
        "two replicates were made with one seed",
        "environment.seeds-replicates-distinct",
        _same_seed,
    ),
)

PACKAGES = (
    Defect(
        "the requirements name no versions",
        "environment.packages-frozen",
        put(REQUIREMENTS, "numpy\ntorch\n"),
        least="partial",
    ),
    Defect(
        "the requirements list another version than was imported",
        "environment.packages-frozen",
        swap(REQUIREMENTS, "torch==2.13.0", "torch==2.12.1"),
    ),
    Defect("there are no requirements", "environment.packages-frozen", drop(REQUIREMENTS)),
    Defect(
        "three imported modules belong to no package",
        "environment.imports-covered",
        lay(MODULES, {"third_party": {"a": None, "b": None, "c": None}}),
    ),
    Defect(
        "an editable package was imported and is named nowhere",
        "environment.imports-covered",
        lay(MODULES, {"third_party": {"mytools": "mytools"}}),
        least="partial",
    ),
    Defect("there is no lock", "environment.lock-present", drop("lock/uv.lock")),
    Defect(
        "the lock is not that of the repository",
        "environment.lock-present",
        put("lock/uv.lock", lock_file({"numpy": "2.4.6", "torch": "2.12.1"})),
    ),
    Defect(
        "the lock names no package",
        "environment.lock-present",
        put("lock/uv.lock", "version = 1\n"),
    ),
    Defect(
        "another version ran than is locked",
        "environment.lock-matches-freeze",
        _ran(torch="2.12.1"),
    ),
    Defect(
        "an imported package is in no lock",
        "environment.lock-matches-freeze",
        several(_ran(einops="0.8.0"), lay(MODULES, {"third_party": {"einops": "einops"}})),
    ),
    Defect(
        "the interpreter is not recorded", "environment.python-recorded", _environment(python=None)
    ),
    Defect(
        "version and ABI of the interpreter contradict each other",
        "environment.python-recorded",
        _environment(python={"abi": "cp39"}),
    ),
)

MACHINE = (
    Defect(
        "nothing of the machine is recorded",
        "environment.hardware-recorded",
        _environment(os=None, hardware=None),
    ),
    Defect(
        "the number of cores is zero",
        "environment.hardware-recorded",
        _environment(hardware={"cores": 0}),
        least="partial",
    ),
    Defect(
        "a GPU was used, of whose driver and libraries nothing is known",
        "environment.accelerator-stack",
        _on_gpu(),
    ),
    Defect(
        "the recorded CUDA is not the one that torch was built for",
        "environment.accelerator-stack",
        several(
            _ran(torch="2.13.0+cu121"),
            _on_gpu(driver="550.54", cuda="12.4", cudnn="9.1.0", nccl="2.21.5"),
        ),
    ),
    Defect(
        "it ran in a container of an unknown image",
        "environment.container-digest",
        _environment(container={"image": None, "digest": None}),
    ),
    Defect(
        "the digest of the container is a tag",
        "environment.container-digest",
        _environment(container={"image": "lab/train", "digest": "latest"}),
    ),
    Defect(
        "the flags for determinism are not recorded at the end",
        "environment.determinism-flags",
        lay(EXIT, {"determinism": ABSENT}),
    ),
    Defect(
        "determinism was turned off during the run",
        "environment.determinism-flags",
        lay(EXIT, {"determinism": {"torch_deterministic": False}}),
        least="partial",
    ),
    Defect("no variable is recorded", "environment.vars-captured", _environment(variables=ABSENT)),
    Defect(
        "what hashes text is not recorded",
        "environment.vars-captured",
        _environment(variables={"PYTHONHASHSEED": ABSENT}),
        least="partial",
    ),
)

TIME = (
    Defect(
        "the run is dated back to before its commit",
        "environment.clock-sane",
        lay(
            "run.yaml",
            {"created": "2025-06-01T00:00:00.000Z", "ended": "2025-06-01T00:00:31.000Z"},
        ),
    ),
    Defect(
        "metrics were logged after the end",
        "environment.clock-sane",
        relog(_late),
    ),
    Defect(
        "an hour was measured between a start and an end of half a minute",
        "environment.clock-sane",
        _environment(compute={"wall_seconds": 3600.0}),
    ),
    Defect(
        "nothing of the cost is recorded",
        "environment.compute-recorded",
        _environment(compute=None),
    ),
    Defect(
        "a training took a thousand bytes of memory",
        "environment.compute-recorded",
        _environment(compute={"peak_memory_bytes": 1000}),
        least="partial",
    ),
)

DEFECTS = (*SEEDS, *PACKAGES, *MACHINE, *TIME)
