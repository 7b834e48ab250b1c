"""A population's version changes with the code, files and packages behind it, and with nothing else."""

from __future__ import annotations

import importlib
import itertools
import linecache
import sys

import pytest

from lrn.claims import population
from lrn.claims._version import changes, digest_of, parts_of
from lrn.claims._worker import answered, perform, task_for

MINE = '''
import helpers
from helpers import scale as scaled
import other
from starred import *

SETTINGS = {}
SETTINGS["lr"] = 0.1
if SETTINGS:
    SETTINGS.update(momentum=0.9)
if __name__ == "__main__":
    print("alone")


def counted_population(function):
    return function


RATE = 0.5
UNUSED = 1


def inner(x):
    """What it does."""
    return scaled(x) * RATE  # a comment


class Net:
    size = 3


@counted_population
def digits(seed, *, depth=2):
    """One training."""
    import lazily
    return {"x": inner(depth) + Net.size + lazily.more()}


def test_nothing():
    assert UNUSED
'''
FILES = {
    "pyproject.toml": "",
    "mine.py": MINE,
    "helpers.py": "from deep import base\n\n\ndef scale(x):\n    return base(x)\n",
    "deep.py": "def base(x):\n    return 2 * x\n",
    "lazily.py": "def more():\n    return 1\n",
    "other.py": "VALUE = 1\n",
    "starred.py": "STARRED = 1\n",
    "data.csv": "1,2\n",
}


@pytest.fixture
def parts(tmp_path, monkeypatch):
    """The parts of `digits`, after files were changed."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def of(depends=(), **changed):
        for name, text in FILES.items():
            (tmp_path / name).write_text(changed.get(name.partition(".")[0], text))
        for name in FILES:
            sys.modules.pop(name.removesuffix(".py"), None)
        importlib.invalidate_caches()
        return parts_of(importlib.import_module("mine").digits, depends)

    yield of
    for name in FILES:
        sys.modules.pop(name.removesuffix(".py"), None)


def test_the_parts_are_the_function_and_the_modules_it_reaches(parts):
    assert set(parts()) == {"function digits", "module helpers", "module deep", "module lazily", "module starred"}


@pytest.mark.parametrize(
    ("changed", "part"),
    [
        ({"mine": MINE.replace("inner(depth)", "inner(depth) + 1")}, "function digits"),
        ({"mine": MINE.replace("RATE = 0.5", "RATE = 0.6")}, "function digits"),
        ({"mine": MINE.replace("* RATE", "/ RATE")}, "function digits"),
        ({"mine": MINE.replace("size = 3", "size = 4")}, "function digits"),
        ({"mine": MINE.replace("depth=2", "depth=3")}, "function digits"),
        ({"mine": MINE + "\nhelpers.scale(1)\n"}, "function digits"),
        ({"mine": MINE.replace('["lr"] = 0.1', '["lr"] = 0.2')}, "function digits"),
        ({"mine": MINE.replace("momentum=0.9", "momentum=0.8")}, "function digits"),
        ({"mine": MINE.replace('["lr"] = 0.1', '["lr"] = 0.1\nhelpers.RATE = 4')}, "function digits"),
        (
            {"mine": MINE.replace("    return function", "    function.kind = 1\n    return function")},
            "function digits",
        ),
        ({"starred": "STARRED = 2\n"}, "module starred"),
        ({"helpers": FILES["helpers.py"].replace("base(x)", "base(x) + 1")}, "module helpers"),
        ({"deep": "def base(x):\n    return 3 * x\n"}, "module deep"),
        ({"lazily": "def more():\n    return 2\n"}, "module lazily"),
    ],
)
def test_what_matters_changes_its_part_and_no_other(parts, changed, part):
    before, after = parts(), parts(**changed)
    assert [name for name in before if before[name] != after[name]] == [part]
    assert changes(before, after) == f"{part} has changed"
    assert digest_of(before) != digest_of(after)


@pytest.mark.parametrize(
    "changed",
    [
        {"mine": MINE.replace("# a comment", "# another one")},
        {"mine": MINE.replace("One training.", "A training.")},
        {"mine": MINE.replace("\n\n\ndef", "\n\n\n\ndef")},
        {"mine": MINE.replace("UNUSED = 1", "UNUSED = 2")},
        {"mine": MINE.replace('"alone"', '"by itself"')},
        {"mine": MINE.replace("assert UNUSED", "assert UNUSED > 0")},
        {"other": "VALUE = 2\n"},
        {"helpers": "# note\n" + FILES["helpers.py"]},
        {"data": "3,4\n"},
    ],
)
def test_what_does_not_matter_changes_nothing(parts, changed):
    assert parts() == parts(**changed)


COMPOSED = """
def block(x):
    return 1 * x


def leaf(x):
    return 1 + x


def middle(x):
    return leaf(x)


def made(part):
    def inner(seed):
        return {"x": part(seed)}

    return inner


def stacked(seed, *, blocks):
    return {"x": sum(part(seed) for part in blocks)}


inner = made(middle)
"""


@pytest.mark.parametrize(
    ("old", "new", "differ"), [("1 * x", "2 * x", (True, False)), ("1 + x", "2 + x", (False, True))]
)
def test_functions_in_tuples_and_in_closures_count(tmp_path, monkeypatch, old, new, differ):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "pyproject.toml").touch()

    def versions(text):
        (tmp_path / "composed.py").write_text(text)
        sys.modules.pop("composed", None)
        importlib.invalidate_caches()
        linecache.clearcache()
        composed = importlib.import_module("composed")
        return population(composed.stacked)(blocks=(composed.block,)).version, population(composed.inner)().version

    before, after = versions(COMPOSED), versions(COMPOSED.replace(old, new))
    sys.modules.pop("composed", None)
    assert (before[0] != after[0], before[1] != after[1]) == differ


def test_two_functions_of_one_name_both_count(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "both.py").write_text("def both(seed, *, a, b):\n    return {'x': a(seed) == b(seed)}\n")
    for name in ("first", "second"):
        (tmp_path / f"{name}.py").write_text(f"def block(x):\n    return '{name}'\n")
    both, first, second = map(importlib.import_module, ("both", "first", "second"))
    pairs = itertools.product([first.block, second.block], repeat=2)
    parts = [population(both.both)(a=a, b=b).parts["function block"] for a, b in pairs]
    for name in ("both", "first", "second"):
        sys.modules.pop(name, None)
    assert len(set(parts)) == 4


def test_a_version_is_the_same_before_and_after_its_modules_are_loaded(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "__init__.py").write_text("from . import other\n")
    (tmp_path / "inside" / "other.py").write_text("VALUE = 1\n")
    (tmp_path / "inside" / "deep.py").write_text("from .other import VALUE\n")
    (tmp_path / "lazy.py").write_text("def one(seed):\n    import inside.deep\n    return {'x': inside.deep.VALUE}\n")
    function = importlib.import_module("lazy").one
    before = parts_of(function)
    assert {"module inside", "module inside.deep", "module inside.other"} <= set(before)
    assert "inside" not in sys.modules
    function(0)
    assert parts_of(function) == before
    for name in ("lazy", "inside", "inside.deep", "inside.other"):
        sys.modules.pop(name, None)


def test_declared_files_and_packages_count(parts):
    before = parts(["data.csv", "numpy"])
    assert {"file data.csv", "package numpy"} <= set(before)
    after = parts(["data.csv", "numpy"], data="3,4\n")
    assert changes(before, after) == "file data.csv has changed"
    with pytest.raises(ValueError, match=r"depends must name files \(from .*\) or installed packages; got 'nope\.csv'"):
        parts(["nope.csv"])


def test_a_declared_folder_counts(parts, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.txt").write_text("1")
    before = parts(["data"])
    (tmp_path / "data" / "a.txt").write_text("2")
    assert changes(before, parts(["data"])) == "folder data has changed"


def test_a_version_of_their_own_replaces_it_all():
    @population(version="2026-1")
    def one(seed):
        return {"x": 1.0}

    assert one().parts == {"version": "2026-1"}


def made(factor):
    @population
    def one(seed):
        return {"x": factor * seed}

    return one()


def test_what_a_function_encloses_counts():
    assert made(1).version == made(1).version != made(2).version


def test_a_function_that_is_a_setting_counts():
    @population
    def one(seed, *, activation):
        return {"x": 1.0}

    assert "function made" in one(activation=made).parts
    assert one(activation=made).version != one(activation=test_what_a_function_encloses_counts).version


def test_several_changes_are_listed():
    assert (
        changes({"a": "1", "b": "1", "c": "1"}, {"a": "2", "b": "2", "c": "1", "d": "1"}) == "a, b and d have changed"
    )
    assert changes({"a": "1"}, {"a": "1"}) == "nothing has changed"


EDITED = '''
from lrn.claims import population


def other(seed):
    return {"x": 7.0}


@population
def one(seed, *, factor=1.0):
    """One training."""
    return {"x": factor * seed}
'''


@pytest.fixture
def edited(tmp_path, monkeypatch):
    """A module with a population, and a function that edits its file while the module stays as it was imported."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    file = tmp_path / "edited.py"
    file.write_text(EDITED)
    importlib.invalidate_caches()
    sys.modules.pop("edited", None)
    yield importlib.import_module("edited"), lambda old, new: file.write_text(file.read_text().replace(old, new))
    sys.modules.pop("edited", None)


def test_a_version_names_the_code_that_was_imported_though_its_file_was_edited_since(edited):
    module, edit = edited
    before = module.one(factor=1.0).version
    edit("One training.", "One training.\n\n    In more words.\n")
    edit("\nfrom lrn", '"""A module."""\n\n\n\n\n\nfrom lrn')
    assert module.one(factor=2.0).version == before
    edit("factor * seed", "factor + seed")
    assert module.one(factor=3.0).version == before, "what runs is still the code of before"
    sys.modules.pop("edited")
    assert importlib.import_module("edited").one(factor=3.0).version != before


def test_an_edit_before_the_first_look_at_a_version_is_not_taken_for_the_code_that_runs(edited):
    module, edit = edited
    edit("factor * seed", "factor + seed")
    running = module.one().version
    sys.modules.pop("edited")
    assert importlib.import_module("edited").one().version != running


def test_a_worker_goes_on_where_only_words_were_edited(edited):
    module, edit = edited
    task = task_for(module.one())
    edit("One training.", "One training.\n\n    In more words.\n")
    sys.modules.pop("edited")  # a worker that starts now reads the new file
    assert answered(perform(task)).row == {"x": 0.0}
    edit("factor * seed", "factor + seed")
    sys.modules.pop("edited")
    with pytest.raises(RuntimeError, match=r"edited\.py was changed while its seeds were trained; run this again"):
        perform(task)
