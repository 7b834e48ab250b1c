"""Files are written whole or not at all, through nobody's link, and read only where they are ordinary ones."""

from __future__ import annotations

import os
import stat
import sys
import threading

import pytest

import lrn.files
from lrn.files import NotRegularError, read_regular, read_text, replace_file, write_json

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="has no pipes in folders")


def names(folder):
    return sorted(os.listdir(folder))


def test_what_was_written_is_read(tmp_path):
    replace_file(tmp_path / "a" / "b" / "c.txt", "naïve ☃ \ud83d\n")
    assert read_text(tmp_path / "a" / "b" / "c.txt") == "naïve ☃ \\ud83d\n"
    write_json(tmp_path / "d.json", {"a": [1.5]})
    replace_file(tmp_path / "d.bytes", b"\0\xff")
    assert read_regular(tmp_path / "d.bytes") == b"\0\xff"
    assert names(tmp_path / "a" / "b") == ["c.txt"]


def test_a_planted_link_is_not_followed(tmp_path, monkeypatch):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / f".v.json.{os.getpid()}.part").symlink_to(victim)
    replace_file(tmp_path / "v.json", "new")
    monkeypatch.setattr(lrn.files.secrets, "token_hex", lambda n: "guessed")
    (tmp_path / ".w.json.guessed.part").symlink_to(victim)
    with pytest.raises(FileExistsError):
        replace_file(tmp_path / "w.json", "new")
    assert victim.read_text() == "precious"


@pytest.mark.parametrize("mode", [0o664, 0o600, 0o640, 0o755])
def test_a_file_keeps_its_permissions(tmp_path, mode):
    path = tmp_path / "v.json"
    path.write_text("old")
    path.chmod(mode)
    replace_file(path, "new")
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert path.read_text() == "new"


def test_a_link_stays_one(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "v.json").write_text("old")
    (tmp_path / "v.json").symlink_to("real/v.json")
    (tmp_path / "dangling").symlink_to("real/new.json")
    for name, target in (("v.json", "v.json"), ("dangling", "new.json")):
        replace_file(tmp_path / name, "new")
        assert (tmp_path / name).is_symlink()
        assert (tmp_path / "real" / target).read_text() == "new"
    assert names(tmp_path / "real") == ["new.json", "v.json"]


def test_a_pipe_stays_one_and_is_written_to(tmp_path):
    """A stand-in for a device, which no test may write to."""
    path, received = tmp_path / "pipe", []
    os.mkfifo(path)
    reader = threading.Thread(target=lambda: received.append(path.read_bytes()))
    with pytest.raises(OSError, match="No such device"):
        replace_file(path, "nobody reads")
    reader.start()
    while not received and reader.is_alive():
        try:
            replace_file(path, "x" * 300_000)
            break
        except OSError:  # not yet open at the other end
            pass
    reader.join()
    assert received == [b"x" * 300_000]
    assert stat.S_ISFIFO(path.stat().st_mode)
    assert names(tmp_path) == ["pipe"]


def test_a_folder_is_not_replaced(tmp_path):
    with pytest.raises(IsADirectoryError):
        replace_file(tmp_path, "new")


def test_a_file_that_may_not_be_written_is_left(tmp_path, monkeypatch):
    path = tmp_path / "v.json"
    path.write_text("old")
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
    with pytest.raises(PermissionError, match="may not be written to"):
        replace_file(path, "new")
    assert path.read_text() == "old"


def test_what_cannot_be_written_leaves_nothing_and_is_named(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device", "elsewhere")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match=r"No space left on device: '.*v\.json'"):
        replace_file(tmp_path / "v.json", "new")
    assert names(tmp_path) == []


def test_a_long_name_can_be_written(tmp_path):
    replace_file(tmp_path / ("v" * 250), "new")
    assert read_text(tmp_path / ("v" * 250)) == "new"


def test_only_ordinary_files_are_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(20 << 30)
    for name in ("pipe", "link", "sparse", "."):
        with pytest.raises(NotRegularError):
            read_regular(tmp_path / name)
    (tmp_path / "small").write_bytes(bytes(11))
    with pytest.raises(NotRegularError, match="it holds 11 bytes, which is more than 10"):
        read_regular(tmp_path / "small", most=10)
