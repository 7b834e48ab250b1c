"""Whatever stands in the place of a population's notes is neither waited for, nor read for ever, nor believed."""

import errno
import json
import os

import numpy as np
import pytest

import lrn.ledger.files
from lrn.claims import population
from lrn.claims._contract import PopulationError
from lrn.claims._draw import Draw
from lrn.ledger.files import LedgerWarning
from lrn.ledger.samples import Shelf, checked


@population
def halves(seed):
    return {"x": seed * 0.5}


class Doubles:
    label, version = "doubles", "1"

    def sample(self, seeds):
        return {"x": np.arange(seeds.start, seeds.stop) * 2.0}


POPULATIONS = {"function": halves(), "class": Doubles()}
EXPECTED = {"function": [0.0, 0.5, 1.0, 1.5, 2.0, 2.5], "class": [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]}
NOT_NOTES = {
    "pipe": os.mkfifo,
    "folder": os.mkdir,
    "device": lambda path: os.symlink("/dev/zero", path),
    "sparse": lambda path: (path.touch(), os.truncate(path, 1 << 40)),
    "deep": lambda path: path.write_text("[" * 200_000),
    "list": lambda path: path.write_text("[]"),
    "digits": lambda path: path.write_text('{"size": ' + "9" * 5000 + "}"),
    "encoding": lambda path: path.write_bytes('{"size": 1}'.encode("utf-16")),
}


@pytest.fixture(params=POPULATIONS)
def kind(request):
    return request.param


def values(kind, ledger, n=6):
    return Draw(ledger, workers=1)(POPULATIONS[kind], range(n), False)["x"].tolist()


def shelf(kind, ledger):
    return Shelf(ledger, POPULATIONS[kind].label, POPULATIONS[kind].version)


@pytest.mark.parametrize("name", NOT_NOTES)
def test_what_is_not_a_note_is_set_aside(tmp_path, kind, name):
    values(kind, tmp_path, 4)
    path = shelf(kind, tmp_path).folder / "population.json"
    path.unlink()
    NOT_NOTES[name](path)
    with pytest.warns(LedgerWarning, match="no description of a population"):
        assert values(kind, tmp_path) == EXPECTED[kind]


@pytest.mark.parametrize("name", ["pipe", "device", "deep"])
def test_what_is_not_a_note_of_a_failed_seed_is_set_aside(tmp_path, name):
    stored = shelf("function", tmp_path)
    stored.fail(3, "too hot")
    NOT_NOTES[name](stored.folder / "5.failed.json")
    with pytest.warns(LedgerWarning, match="no note of a failed seed"):
        assert stored.failures() == {3: "too hot"}


def test_too_many_open_files_say_nothing_about_a_note(tmp_path, kind, monkeypatch):
    values(kind, tmp_path, 4)

    def refuse(*_):
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(lrn.ledger.files, "read_text", refuse)
        with pytest.raises(OSError, match="Too many open files"):
            shelf(kind, tmp_path).described()
    assert shelf(kind, tmp_path).described()["label"] == POPULATIONS[kind].label


@pytest.mark.parametrize("seconds", [10**400, float("nan"), -1, "long", True])
def test_impossible_facts_are_as_none(tmp_path, seconds):
    values("function", tmp_path, 4)
    shelf("function", tmp_path).describe(seconds=seconds, size=seconds)
    assert values("function", tmp_path) == EXPECTED["function"]


@pytest.mark.parametrize("name", ["pipe", "device", "deep"])
def test_notes_of_earlier_code_may_be_anything(tmp_path, name):
    folder = Shelf(tmp_path, "halves()", "before").folder
    folder.mkdir(parents=True)
    NOT_NOTES[name](folder / "population.json")
    assert values("function", tmp_path) == EXPECTED["function"]


@pytest.mark.parametrize("version", [["a"], "", None, 3])
def test_earlier_code_has_a_version(tmp_path, version):
    before = Shelf(tmp_path, "halves()", "before")
    before.keep(range(4), {"x": np.zeros(4)})
    before.folder.joinpath("population.json").write_text(json.dumps({"label": "halves()", "version": version}))
    assert Draw(tmp_path, workers=1, stale="use")(halves(), range(6), False)["x"].tolist() == EXPECTED["function"]


def test_text_of_a_note_is_shown_as_text(tmp_path, kind):
    values(kind, tmp_path, 4)
    shelf(kind, tmp_path).describe(broken={"metric": ["x"], "why": "\x1b]0;title\x07\n::error::x"})
    with pytest.raises(PopulationError) as caught:
        values(kind, tmp_path)
    assert "\x1b" not in str(caught.value)
    assert "\n" not in str(caught.value)

    lines = []
    before = Shelf(tmp_path / "other", "halves()", "before")
    before.keep(range(4), {"x": np.zeros(4)})
    before.describe(parts={"\x1b[2J\n::error::x": "1"}, seconds=10**400)
    Draw(tmp_path / "other", workers=1, say=lines.append)(halves(), range(6), False)
    assert lines
    for line in lines:
        assert "\x1b" not in line
        assert "\n" not in line


def test_a_name_that_promises_seeds_without_end_takes_no_memory(tmp_path, kind):
    values(kind, tmp_path, 4)
    path = next(shelf(kind, tmp_path).folder.glob("*.parquet"))
    path.rename(path.with_name(f"0-{10**19}.parquet"))
    with pytest.warns(LedgerWarning, match="other seeds"):
        assert values(kind, tmp_path) == EXPECTED[kind]


@pytest.mark.parametrize("dtype", [">f8", "<f8", ">f4", np.longdouble, ">i2", "f2", "?"])
def test_numbers_of_every_byte_order_and_width_can_be_kept(tmp_path, dtype):
    stored, values = Shelf(tmp_path, "any", "1"), np.arange(4).astype(dtype)
    stored.keep(range(4), checked({"x": values}, "any", 4))
    ((_, columns),) = stored.read(range(4))
    assert columns["x"].tolist() == values.tolist()
