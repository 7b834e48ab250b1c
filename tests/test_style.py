"""The habits that docs/style.md rules out do not grow (`python tools/style.py`), and they are counted rightly."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STYLE = runpy.run_path(str(ROOT / "tools" / "style.py"))
RECORD = json.loads((ROOT / "tests" / "style.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def rooms():
    return STYLE["measure"](STYLE["repository"]())


def counts(name, text):
    (room,) = STYLE["measure"]({name: text}).values()
    return room


def test_no_figure_rises_above_the_committed_one(rooms):
    worse = STYLE["risen"](STYLE["everything"](rooms).rates(), RECORD)
    assert worse == [], "python tools/style.py shows where; after an improvement: python tools/style.py --write"


def test_the_record_has_every_figure(rooms):
    assert list(RECORD) == list(STYLE["everything"](rooms).rates())


def test_no_sentence_that_stopped_a_reader_is_back(rooms):
    assert [line for room in rooms.values() for line in room.lines.get("stoppers", [])] == []


@pytest.mark.parametrize(
    ("text", "habit", "times"),
    [
        ("found = 1\nprint(found)\n", "vague", 2),
        ("def f(_place): return _place.said\n", "vague", 3),
        ("def there(): pass\n", "vague", 1),
        ("folder = 'found there'  # kept\n", "vague", 0),
        ("from hypothesis import given\n\n@given(1)\ndef f(): pass\n", "vague", 0),
        ("from lrn.x import given\n\n@given(1)\ndef f(): pass\n", "vague", 2),
        ("import shutil\nprint(shutil.which('c++'))\n", "vague", 0),
        ("x = [f(a) for a in b]\ny = {a for a in b if a}\n", "comprehensions", 2),
        ('"""What is measured, and what the rest says; whatever works."""\n', "what", 2),
        ('def f():\n    """It is no list, that is none; there is no file, it is no longer one."""\n', "is no", 2),
        ("# fails for want\n# of time\n", "stoppers", 1),
        ("x = 'ten runs a setting, ten runs per setting'\n", "stoppers", 1),
        ("x = 'one number a layer, one number per layer'\n", "stoppers", 1),
    ],
)
def test_a_planted_habit_is_counted(text, habit, times):
    assert counts("lrn/x/y.py", text).counts[habit] == times


def test_letters_and_comments_of_cpp_are_counted():
    room = counts(
        "lrn/engines/a.hpp", "// why\nfloat a = 1;\nconst auto* weights = f(a);\nint n0 = 3; // not the line's own\n"
    )
    assert (room.cpp_lines, room.cpp_comments, room.cpp_names, room.counts["C++ letters"]) == (4, 1, 3, 1)


def test_a_figure_that_rises_is_named_and_comments_may_not_fall():
    record = {"vague": 10.0, "C++ comments %": 12.0}
    assert STYLE["risen"]({"vague": 10.0, "C++ comments %": 12.5}, record) == []
    worse = STYLE["risen"]({"vague": 10.1, "C++ comments %": 11.9}, record)
    assert [sentence.partition(":")[0] for sentence in worse] == ["vague", "C++ comments %"]


def test_what_is_written_is_allowed():
    rates = {"vague": 10.01, "C++ comments %": 11.99}
    assert STYLE["risen"](rates, STYLE["rounded"](rates)) == []
