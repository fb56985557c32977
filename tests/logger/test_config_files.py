"""Configuration files, as settings and as copies."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.errors import ReportgenError
from reportgen.logger.config_files import keep_config_files, load_config_file, settings_in
from reportgen.logger.context import RunContext


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("c.yaml", "lr: 0.1\nmodel: {width: 3}\n"),
        ("c.yml", "lr: 0.1\nmodel:\n  width: 3\n"),
        ("c.json", '{"lr": 0.1, "model": {"width": 3}}'),
        ("c.toml", "lr = 0.1\n[model]\nwidth = 3\n"),
        ("c.TOML", "lr = 0.1\n[model]\nwidth = 3\n"),
    ],
)
def test_every_format_gives_the_same_settings(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert load_config_file(tmp_path / name) == {"lr": 0.1, "model": {"width": 3}}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("c.yaml", b"- 1\n"),
        ("c.yaml", b"a: [1"),
        ("c.yaml", b"a: !!python/name:os.system"),
        ("c.json", b"{'a': 1}"),
        ("c.json", b"[1]"),
        ("c.toml", b"a = "),
        ("c.toml", b"\xff"),
        ("c.yaml", b""),
        ("absent.yaml", None),
    ],
)
def test_a_file_that_holds_none_is_refused_by_its_name(
    tmp_path: Path, name: str, data: bytes | None
) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(ReportgenError) as caught:
        load_config_file(tmp_path / name)
    assert name in str(caught.value)


def test_what_cannot_be_read_is_passed_over_when_it_is_only_compared(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("lr: 1\n")
    (tmp_path / "b.yaml").write_text("- 1\n")
    found = settings_in([tmp_path / name for name in ("a.yaml", "b.yaml", "c.yaml")])
    assert found == [{"lr": 1}]


def test_copies_are_equal_byte_for_byte_at_their_place(context: RunContext, tmp_path: Path) -> None:
    top = tmp_path / "repository"
    (top / "configs").mkdir(parents=True)
    inside, outside = top / "configs" / "mlp.yaml", tmp_path / "elsewhere.yaml"
    inside.write_bytes(b"lr: 0.1 # \xc3\xa9\r\n")
    outside.write_bytes(b"lr: 2\n")
    keep_config_files(context, [inside, outside], top)
    kept = context.folder / "config"
    assert (kept / "configs" / "mlp.yaml").read_bytes() == inside.read_bytes()
    assert (kept / "elsewhere.yaml").read_bytes() == outside.read_bytes()


def test_what_is_left_out_is_listed(context: RunContext, tmp_path: Path) -> None:
    secret, large = tmp_path / "secret.yaml", tmp_path / "large.yaml"
    secret.write_text("token: ghp_" + "Ab3" * 12 + "\n")
    large.write_bytes(b"#" * (9 * 2**20))
    keep_config_files(context, [secret, large, tmp_path / "absent.yaml"], tmp_path)
    assert not (context.folder / "config").exists()
    assert [(entry.where, entry.rule) for entry in context.run.left_out] == [
        ("config/secret.yaml", "secret"),
        ("config/large.yaml", "size"),
    ]
    assert context.run.dropped == {"config/absent.yaml": 1}
