"""Archives of strangers: what is no bundle is refused, and nothing is ever left behind."""

from __future__ import annotations

import gzip
import io
import json
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportgen.cli.main import main
from reportgen.errors import NotFoundError, ReportgenError, UnreadableError, UsageError
from reportgen.reproduce import archive
from reportgen.reproduce.archive_writer import part_of_bytes, write_archive
from reportgen.reproduce.unbundle import inspect, unpack

FILES = {"README.md": b"# Run\n", "run/run.yaml": b"schema: reportgen.run/1\n", "run/a/b.pt": b"\0"}
KINDS = ("zip", "tar.gz")
UNSAFE = [
    *("../x", "../../../../etc/passwd", "a/../../x", "/etc/passwd", "//h/s", "C:\\x", "C:x"),
    *("..\\..\\x", "\\\\h\\s", ".", "", "a//b", "~/x", "file:///etc/passwd", "x#../../y"),
    *("x;../y", "a/./b", "a\nb", "a\x1b[2J"),
]


def document(files: dict[str, bytes], **more: Any) -> bytes:
    listed = [
        {"path": path, "bytes": len(data), "sha256": sha256(data).hexdigest()}
        for path, data in files.items()
    ]
    return json.dumps({"schema": "reportgen.bundle/1", "files": listed, **more}).encode()


def whole(files: dict[str, bytes] = FILES) -> dict[str, bytes]:
    return {"bundle.json": document(files), **files}


class Tar:
    """A tar file member by member, each as hostile as wanted."""

    def __init__(self) -> None:
        self.raw = io.BytesIO()
        self.tar = tarfile.TarFile(fileobj=self.raw, mode="w", format=tarfile.PAX_FORMAT)

    def add(self, name: str, data: bytes = b"", **fields: Any) -> Tar:
        info = tarfile.TarInfo(name)
        info.size, info.mode = len(data), 0o644
        for field, value in fields.items():
            setattr(info, field, value)
        self.tar.addfile(info, io.BytesIO(data))
        return self

    def plain(self) -> bytes:
        self.tar.close()
        return self.raw.getvalue()

    def packed(self) -> bytes:
        return gzip.compress(self.plain(), mtime=0)


class Zip:
    """A zip file member by member."""

    def __init__(self) -> None:
        self.raw = io.BytesIO()
        self.zip = zipfile.ZipFile(self.raw, "w")

    def add(self, name: str, data: bytes = b"", mode: int = 0o100644, **fields: Any) -> Zip:
        info = zipfile.ZipInfo("placeholder")
        info.filename = name
        info.external_attr, info.create_system = mode << 16, 3
        info.compress_type = fields.pop("method", zipfile.ZIP_DEFLATED)
        for field, value in fields.items():
            setattr(info, field, value)
        self.zip.writestr(info, data)
        return self

    def packed(self) -> bytes:
        self.zip.close()
        return self.raw.getvalue()


def archive_of(kind: str, members: list[tuple[str, bytes]]) -> bytes:
    built: Any = Zip() if kind == "zip" else Tar()
    for name, data in members:
        built.add(name, data)
    packed: bytes = built.packed()
    return packed


def good(kind: str, files: dict[str, bytes] = FILES) -> bytes:
    return archive_of(kind, [(f"top/{path}", data) for path, data in whole(files).items()])


Refused = Callable[[bytes], UnreadableError]


@pytest.fixture
def refused(tmp_path: Path) -> Refused:
    """Assert that bytes are refused with exit status 2 and that nothing comes of them."""

    def check(data: bytes) -> UnreadableError:
        path = tmp_path / "hostile"
        path.write_bytes(data)
        work = tmp_path / "work"
        work.mkdir(exist_ok=True)
        with pytest.raises(ReportgenError) as caught:
            unpack(path, work / "out")
        assert caught.value.exit_status == 2
        assert list(work.iterdir()) == []
        assert sorted(tmp_path.iterdir()) == [path, work]
        with pytest.raises(ReportgenError) as again:
            inspect(path)
        assert isinstance(again.value, UnreadableError)
        return again.value

    return check


# -- what is right ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_bundle_comes_out_as_it_went_in(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"b.{kind}"
    path.write_bytes(good(kind))
    folder, read = unpack(path, tmp_path / "out")
    found = {
        one.relative_to(folder).as_posix(): one.read_bytes()
        for one in folder.rglob("*")
        if one.is_file()
    }
    assert found == whole()
    assert (read.check.files, read.check.differences) == (3, [])
    assert {one.stat().st_mode & 0o7777 for one in folder.rglob("*") if one.is_file()} == {0o644}


@pytest.mark.parametrize("kind", KINDS)
def test_the_folder_is_the_bundles_own_by_default(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "b").write_bytes(good(kind))
    monkeypatch.chdir(tmp_path)
    assert unpack(Path("b"))[0] == Path("top")
    with pytest.raises(UsageError, match="exists"):
        unpack(Path("b"))


NAME = st.text(st.characters(codec="utf-8", categories=("L", "N", "S")), min_size=1, max_size=60)


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.dictionaries(NAME.map(str.casefold), st.binary(max_size=3000), max_size=8),
    st.sampled_from(KINDS),
)
def test_what_we_write_we_read(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes], kind: str
) -> None:
    files = {f"run/{name * 3}": data for name, data in files.items()}
    names = archive.Names()
    try:
        for path in files:
            names.add(path)
    except UnreadableError:
        return
    target = tmp_path_factory.mktemp("written") / f"b.{kind}"
    parts = [part_of_bytes(path, data) for path, data in whole(files).items()]
    write_archive(target, "top", parts)
    folder, read = unpack(target, target.parent / "out")
    assert read.check.files == len(files)
    assert all((folder / path).read_bytes() == data for path, data in files.items())


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_hardly_shrinks_or_shrinks_much_comes_out(tmp_path: Path, kind: str) -> None:
    files = {"run/zeros": bytes(20_000_000), "run/noise": os.urandom(1_000_000)}
    path = tmp_path / f"b.{kind}"
    path.write_bytes(good(kind, files))
    folder, _ = unpack(path, tmp_path / "out")
    assert (folder / "run" / "zeros").stat().st_size == 20_000_000


# -- names, kinds and modes (B01) -------------------------------------------------------------


@pytest.mark.parametrize("name", UNSAFE)
@pytest.mark.parametrize("kind", KINDS)
def test_names_that_leave_the_folder(refused: Refused, name: str, kind: str) -> None:
    members = [("top/bundle.json", document(FILES))]
    refused(archive_of(kind, [*members, (name, b"PWNED")]))
    refused(archive_of(kind, [*members, (f"top/{name}", b"PWNED")]))


@pytest.mark.parametrize("name", UNSAFE[:-2])
def test_names_of_that_kind_in_the_list(refused: Refused, name: str) -> None:
    listed = document({**FILES, name: b""})
    refused(archive_of("zip", [("top/bundle.json", listed)]))


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "pair",
    [
        *(("run/A", "run/a"), ("run/\u00e9", "run/e\u0301"), ("run/x", "run/x/y")),
        *(("run/x/y", "run/x"), ("run/stra\u00dfe", "run/STRASSE"), ("run/D/a", "run/d/b")),
        ("run/same", "run/same"),
    ],
)
def test_names_that_are_one_somewhere(refused: Refused, kind: str, pair: tuple[str, str]) -> None:
    files = dict.fromkeys(pair, b"x")
    members = [("bundle.json", document(files)), *((path, b"x") for path in pair)]
    refused(archive_of(kind, [(f"top/{path}", data) for path, data in members]))


def test_names_that_can_be_bytes_alone(refused: Refused) -> None:
    with_bytes = Tar().add("top/bundle.json", document(FILES)).add("top/run/\udcff", b"x")
    refused(with_bytes.packed())
    packed = bytearray(archive_of("zip", [("top/bundle.json", document(FILES)), ("top/run", b"")]))
    refused(bytes(packed).replace(b"top/run", b"top/\xff\xfe\xfd"))


@pytest.mark.parametrize(
    "fields",
    [
        {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"},
        {"type": tarfile.SYMTYPE, "linkname": ".."},
        {"type": tarfile.LNKTYPE, "linkname": "top/README.md"},
        {"type": tarfile.FIFOTYPE},
        {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 3},
        {"type": tarfile.BLKTYPE},
        {"type": tarfile.DIRTYPE, "mode": 0o777},
        {"type": tarfile.CONTTYPE},
        {"type": tarfile.GNUTYPE_SPARSE},
        {"mode": 0o4755},
        {"mode": 0o2644},
        {"mode": 0o777},
        {"linkname": "/etc/passwd"},
        {"pax_headers": {"linkpath": "/etc/passwd"}},
        {"pax_headers": {"GNU.sparse.major": "1"}},
        {"pax_headers": {"path": "../x"}},
        {"pax_headers": {"size": "-1"}},
        {"pax_headers": {"size": "99"}},
    ],
)
def test_members_of_a_tar_file_that_are_no_plain_files(
    refused: Refused, fields: dict[str, Any]
) -> None:
    built = Tar().add("top/bundle.json", document({"run/x": b""}))
    refused(built.add("top/run/x", **fields).packed())


@pytest.mark.parametrize("mode", [0o120777, 0o104755, 0o100777, 0o040755, 0o010644, 0])
def test_members_of_a_zip_file_that_are_no_plain_files(refused: Refused, mode: int) -> None:
    built = Zip().add("top/bundle.json", document({"run/x": b"/etc/passwd"}))
    refused(built.add("top/run/x", b"/etc/passwd", mode).packed())


def test_a_link_and_then_a_file_through_it(refused: Refused, tmp_path: Path) -> None:
    built = Tar().add("top/bundle.json", document({"run/x/y": b"PWNED"}))
    built.add("top/run/x", type=tarfile.SYMTYPE, linkname=str(tmp_path))
    refused(built.add("top/run/x/y", b"PWNED").packed())


@pytest.mark.parametrize("kind", KINDS)
def test_two_folders_or_none(refused: Refused, kind: str) -> None:
    start = ("top/bundle.json", document({"run/x": b""}))
    refused(archive_of(kind, [start, ("other/run/x", b"")]))
    refused(archive_of(kind, [("bundle.json", document({}))]))


# -- sizes, bombs and damage (B02) ------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_thousand_bytes_out_of_one(refused: Refused, kind: str) -> None:
    bomb = bytes(archive.FREE_BYTES)
    error = refused(good(kind, {"run/bomb": bomb}))
    assert error.problem == "bundle.limits"


def test_a_bomb_that_lists_nothing(refused: Refused) -> None:
    members = Tar().add("top/bundle.json", document({})).plain()
    packed = zlib.compressobj(9, zlib.DEFLATED, 31)
    data = packed.compress(members[:-10240]) + packed.compress(bytes(300 * 2**20))
    refused(data + packed.flush())


@pytest.mark.parametrize("kind", KINDS)
def test_too_many_files(refused: Refused, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("archive", "zip_reader"):
        monkeypatch.setattr(f"reportgen.reproduce.{module}.MEMBERS", 50)
    assert refused(good(kind, {f"run/{n}": b"" for n in range(60)})).problem == "bundle.limits"


@pytest.mark.parametrize("kind", KINDS)
def test_folders_without_end(refused: Refused, kind: str) -> None:
    refused(good(kind, {"run/" + "a/" * 60 + "x": b""}))
    refused(good(kind, {"run/" + "a" * 3_000: b""}))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("where", [0, 40, -1])
def test_bytes_before_and_behind(refused: Refused, kind: str, where: int) -> None:
    data = good(kind)
    refused(data + b"PWNED" if where < 0 else data[:where] + b"PWNED" + data[where:])


def test_a_size_beyond_all_limits(refused: Refused) -> None:
    header = bytearray(Tar().add("top/bundle.json", b"").plain()[:512])
    header[124:136] = b"77777777777\0"
    header[148:156] = b"        "
    header[148:156] = b"%06o\0 " % sum(header)
    assert refused(gzip.compress(bytes(header))).problem == "bundle.limits"


def test_two_gzip_members(refused: Refused) -> None:
    refused(good("tar.gz") + gzip.compress(b""))
    refused(gzip.compress(Tar().add("top/bundle.json", document({})).plain() + b"x" * 512))


@pytest.mark.parametrize("kind", KINDS)
def test_every_cut_is_seen(refused: Refused, kind: str) -> None:
    data = good(kind)
    for length in {0, 1, 3, 21, 22, len(data) // 2, len(data) - 1}:
        refused(data[:length])


@pytest.mark.parametrize("kind", KINDS)
@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(place=st.floats(0, 1, exclude_max=True), flipped=st.integers(1, 255))
def test_no_flipped_byte_changes_what_comes_out(
    tmp_path_factory: pytest.TempPathFactory, kind: str, place: float, flipped: int
) -> None:
    """Times and the like may differ; names and content may not."""
    data = bytearray(good(kind))
    data[int(place * len(data))] ^= flipped
    folder = tmp_path_factory.mktemp("flipped")
    path = folder / "b"
    path.write_bytes(data)
    try:
        unpacked, _ = unpack(path, folder / "out")
    except ReportgenError:
        assert list(folder.iterdir()) == [path]
        return
    assert {
        one.relative_to(unpacked).as_posix(): one.read_bytes()
        for one in unpacked.rglob("*")
        if one.is_file()
    } == whole()


def patched(data: bytes, magic: bytes, offset: int, value: bytes) -> bytes:
    """The last header that starts with ``magic``, changed at ``offset``."""
    place = data.rindex(magic) + offset
    return data[:place] + value + data[place + len(value) :]


@pytest.mark.parametrize(
    ("magic", "offset", "value"),
    [
        (b"PK\1\2", 8, b"\1\0"),
        (b"PK\3\4", 6, b"\1\0"),
        (b"PK\1\2", 10, b"\x63\0"),
        (b"PK\1\2", 10, b"\x0e\0"),
        (b"PK\3\4", 8, b"\0\0"),
        (b"PK\1\2", 24, struct.pack("<L", 5)),
        (b"PK\1\2", 20, struct.pack("<L", 5)),
        (b"PK\3\4", 22, struct.pack("<L", 5)),
        (b"PK\1\2", 42, struct.pack("<L", 0)),
        (b"PK\1\2", 16, b"\0\0\0\0"),
        (b"PK\1\2", 24, b"\xff\xff\xff\xff"),
        (b"PK\1\2", 34, b"\1\0"),
        (b"PK\5\6", 4, b"\1\0"),
        (b"PK\5\6", 8, b"\1\0"),
        (b"PK\5\6", 8, b"\xff\xff\xff\xff"),
        (b"PK\5\6", 12, b"\xff\xff\xff\xff"),
        (b"PK\5\6", 16, b"\0\0\0\0"),
        (b"PK\5\6", 20, b"\1\0"),
    ],
)
def test_headers_of_a_zip_file_that_lie(
    refused: Refused, magic: bytes, offset: int, value: bytes
) -> None:
    refused(patched(good("zip"), magic, offset, value))


def stored(name: bytes, data: bytes, offset: int) -> tuple[bytes, bytes]:
    """A member that is not packed, and its entry in the directory."""
    sizes = (zlib.crc32(data), len(data), len(data), len(name), 0)
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 0, 0, 33, *sizes) + name + data
    rest = (0, 0, 0, 0o100644 << 16, offset)
    entry = struct.pack("<4s6H3L5H2L", b"PK\1\2", 0x314, 20, 0, 0, 0, 33, *sizes, *rest)
    return local, entry + name


@pytest.mark.parametrize("overlap", [True, False])
def test_members_that_lie_in_each_other(refused: Refused, tmp_path: Path, overlap: bool) -> None:
    """Many entries over the same bytes unpack to far more than the archive has."""
    inner, _ = stored(b"top/run/b", b"B" * 9, 0)
    files = {"run/a": b"x" + inner if overlap else b"x", "run/b": b"B" * 9}
    first, first_entry = stored(b"top/bundle.json", document(files), 0)
    outer, outer_entry = stored(b"top/run/a", files["run/a"], len(first))
    start = len(first) + len(outer) - (len(inner) if overlap else 0)
    _, inner_entry = stored(b"top/run/b", b"B" * 9, start)
    members = first + outer + (b"" if overlap else inner)
    listed = first_entry + outer_entry + inner_entry
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 3, 3, len(listed), len(members), 0)
    if overlap:
        assert "does not follow" in str(refused(members + listed + end))
    else:
        (tmp_path / "b").write_bytes(members + listed + end)
        assert unpack(tmp_path / "b", tmp_path / "out")[1].check.files == 2


def test_a_name_that_differs_in_the_directory(refused: Refused) -> None:
    data = good("zip")
    place = data.rindex(b"README.md")
    refused(data[:place] + b"readme.md" + data[place + 9 :])


def test_a_comment_and_other_packing(refused: Refused) -> None:
    built = Zip().add("top/bundle.json", document({}))
    built.zip.comment = b"x" * 65_000
    refused(built.packed())
    refused(Zip().add("top/bundle.json", document({}), method=zipfile.ZIP_LZMA).packed())
    refused(Zip().add("top/bundle.json", document({}), comment=b"x").packed())
    refused(Zip().add("top/bundle.json", document({}), extra=b"\1\2\0\0").packed())


def test_a_header_of_a_tar_file_without_end(refused: Refused) -> None:
    built = Tar().add("top/bundle.json", document({}))
    refused(built.add("top/x", pax_headers={"path": "top/" + "x" * 200_000}).packed())
    plain = bytearray(Tar().add("top/bundle.json", document({})).plain())
    for field, value in (
        (124, b"-0000000001\0"),
        (124, b"\x80" + bytes(11)),
        (257, b"GNU  \0\0\0"),
    ):
        header = bytearray(plain)
        header[field : field + len(value)] = value
        header[148:156] = b"        "
        header[148:156] = b"%06o\0 " % sum(header[:512])
        refused(gzip.compress(bytes(header)))


@pytest.mark.parametrize(
    "data", [b"", b"PK", b"\x1f\x8b", b"\xfd7zXZ\0", b"text", b"PK\5\6" + bytes(18)]
)
def test_what_is_no_archive(refused: Refused, data: bytes) -> None:
    refused(data)


# -- the list (B03) ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("listed", "words"),
    [
        (document({**FILES, "run/gone": b""}), "run/gone is sealed and not here"),
        (document({"README.md": b"# Run\n"}), "is not listed"),
        (document({**FILES, "README.md": b"# Pun\n"}), "README.md has SHA-256"),
        (document({**FILES, "README.md": b"# Run!\n"}), "lists 7"),
        (document(FILES).replace(b"reportgen.bundle/1", b"reportgen.bundle/2"), "has the format"),
        (document(FILES).replace(b"reportgen.bundle/1", b"other/1"), "no record of a bundle"),
        (document(FILES).replace(b'"sha256"', b'"md5"'), "has no SHA-256"),
        (document(FILES).upper(), "no record of a bundle"),
        (b"[]", "no record of a bundle"),
        (b"{", "bundle.json"),
    ],
)
def test_a_list_that_does_not_fit(
    refused: Refused, kind: str, listed: bytes, words: str, tmp_path: Path
) -> None:
    members = [("top/bundle.json", listed), *((f"top/{path}", FILES[path]) for path in FILES)]
    path = tmp_path / "hostile"
    path.write_bytes(archive_of(kind, members))
    with pytest.raises(ReportgenError) as caught:
        unpack(path, tmp_path / "out")
    assert words in str(caught.value)
    assert sorted(tmp_path.iterdir()) == [path]


def test_a_list_without_end(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reportgen.runs.seal.FILES", 50)
    assert "lists 60 files" in str(refused(good("zip", {f"run/{n}": b"" for n in range(60)})))


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("kind", KINDS)
def test_the_list_comes_first_and_is_there(refused: Refused, kind: str) -> None:
    named = [(f"top/{path}", data) for path, data in whole().items()]
    refused(archive_of(kind, [*named[1:], named[0]]))
    refused(archive_of(kind, named[1:]))
    refused(archive_of(kind, [named[0], *named]))


@pytest.mark.parametrize("kind", KINDS)
def test_the_seal_of_the_run_holds_too(tmp_path: Path, kind: str) -> None:
    """bundle.json can be made to fit by whoever changes a file; the run's own seal then differs."""
    other = {"path": "run.yaml", "bytes": 24, "sha256": sha256(b"other").hexdigest()}
    seal = json.dumps({"files": [other]}).encode()
    path = tmp_path / "b"
    files = {"run/run.yaml": FILES["run/run.yaml"], "run/manifest.json": seal, "run/new": b""}
    path.write_bytes(good(kind, files))
    found = [(one.path, one.fault) for one in inspect(path).check.differences]
    assert found == [("run/run.yaml", "changed"), ("run/new", "unlisted")]
    with pytest.raises(UnreadableError, match=r"run/run\.yaml .* \(and 1 files more\)"):
        unpack(path, tmp_path / "out")


# -- the target -------------------------------------------------------------------------------


@pytest.mark.parametrize("there", ["file", "folder", "link", "dangling"])
def test_what_is_there_is_not_touched(tmp_path: Path, there: str) -> None:
    path = tmp_path / "b"
    path.write_bytes(good("zip"))
    target = tmp_path / "out"
    if there == "file":
        target.write_text("mine")
    elif there == "folder":
        target.mkdir()
    else:
        target.symlink_to(tmp_path if there == "link" else tmp_path / "nowhere")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(UsageError, match="exists"):
        unpack(path, target)
    assert sorted(tmp_path.iterdir()) == before


def test_a_fault_on_the_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "b"
    path.write_bytes(good("tar.gz"))

    def full(descriptor: int, data: bytes) -> None:
        if data == FILES["run/run.yaml"]:
            raise OSError(28, "No space left on device")
        os.write(descriptor, data)

    monkeypatch.setattr("reportgen.reproduce.unbundle.write_all", full)
    with pytest.raises(OSError, match="No space"):
        unpack(path, tmp_path / "out")
    assert list(tmp_path.iterdir()) == [path]


def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnreadableError, match="no regular file"):
        inspect(tmp_path / "pipe")
    with pytest.raises(NotFoundError):
        inspect(tmp_path / "gone")


def test_the_command_says_what_and_ends_with_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "b.zip"
    path.write_bytes(archive_of("zip", [("top/bundle.json", document({})), ("top/../x", b"")]))
    assert main(["unbundle", str(path), str(tmp_path / "out")]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "b.zip: the path 'top/../x' has an empty, '.' or '..' part" in said.err
