"""Saving stays inside the folder and overwrites nothing."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from nbagent.attachments import Attachment
from nbagent.exceptions import AttachmentError
from tests.render.corpora import SHARED

HOSTILE_NAMES = [
    "../x",
    "../../../../../../../../etc/passwd",
    "..\\..\\x",
    "/tmp/x",
    "C:\\x",
    "\\\\server\\share\\x",
    "..",
    ".",
    "",
    "a/../../x",
    "....//....//x",
    "..%2f..%2fx",
    "%2e%2e/x",
    "..%c0%afx",
    "..\u2215..\u2215x",
    "\uff0e\uff0e\uff0fx",
    "x\x00.png",
    "nul",
    "~/x",
    "-rf",
    "$(touch x)",
    "x" * 1000,
]


def hostile_names() -> Iterator[str]:
    """Our own names, and those of the corpora where they are there."""
    yield from HOSTILE_NAMES
    naughty = SHARED / "blns" / "blns.json"
    if naughty.exists():
        yield from json.loads(naughty.read_text("utf-8"))
    for path in sorted((SHARED / "payloads" / "traversal").glob("*.txt")):
        for line in path.read_bytes().split(b"\n"):
            yield line.decode("utf-8", "surrogateescape")
            yield line.decode("latin-1").replace("{FILE}", "etc/passwd")


def attachment(name: str, data: bytes = b"data") -> Attachment:
    """A file of that name, even one that `read_attachment()` would not give it."""
    return Attachment(name, data, "application/octet-stream")


def test_every_hostile_name_stays_in_its_folder(tmp_path: Path) -> None:
    expected: set[Path] = set()
    for number, name in enumerate(hostile_names()):
        folder = tmp_path / "inside" / str(number)
        path = attachment(name).save(folder)
        assert path.parent == folder
        expected.add(path)
    assert len(expected) >= len(HOSTILE_NAMES)
    assert {path for path in tmp_path.rglob("*") if not path.is_dir()} == expected


def test_the_original_is_saved(tmp_path: Path) -> None:
    path = attachment("a.png", b"\x00original").save(str(tmp_path))
    assert path == tmp_path / "a.png"
    assert path.read_bytes() == b"\x00original"
    assert not path.stat().st_mode & 0o111


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    paths = [attachment("a.tar.gz", bytes([n])).save(tmp_path) for n in range(3)]
    assert [path.name for path in paths] == ["a.tar.gz", "a.tar-2.gz", "a.tar-3.gz"]
    assert [path.read_bytes() for path in paths] == [b"\0", b"\1", b"\2"]


def test_a_numbered_name_is_not_too_long(tmp_path: Path) -> None:
    names = [attachment("ü" * 200 + ".png").save(tmp_path).name for _ in range(2)]
    assert names[1].endswith("ü-2.png")
    assert max(len(name.encode()) for name in names) <= 255


@pytest.mark.parametrize("target", ["secret", "not there"])
def test_a_symbolic_link_is_not_followed(tmp_path: Path, target: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    folder = tmp_path / "inside"
    folder.mkdir()
    (folder / "a.png").symlink_to(outside / target)
    assert attachment("a.png").save(folder) == folder / "a-2.png"
    assert (folder / "a.png").is_symlink()
    assert [path.read_bytes() for path in outside.iterdir()] == [b"secret"]


def test_a_folder_that_is_a_link_is_named_by_where_it_leads(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert attachment("a.png").save(tmp_path / "link") == tmp_path / "real" / "a.png"


def test_another_name(tmp_path: Path) -> None:
    assert attachment("a.png").save(tmp_path, "Teil 1: b.png").name == "Teil 1_ b.png"


@pytest.mark.parametrize("name", ["../b.png", "sub/b.png", "/b.png", "..\\b.png", "..", "."])
def test_another_name_is_no_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(AttachmentError, match="is a path, not the name of a file"):
        attachment("a.png").save(tmp_path, name)
    assert not list(tmp_path.iterdir())


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "taken").write_bytes(b"x")
    with pytest.raises(AttachmentError, match=r"taken' is a file, not a folder"):
        attachment("a.png").save(tmp_path / "taken")
    with pytest.raises(AttachmentError, match=r"cannot save 'a\.png' in the folder"):
        attachment("a.png").save(tmp_path / "taken" / "below")
