"""docs/dead-units.md: its code runs as it stands, prints the output that the page shows, and draws its figures."""

from __future__ import annotations

import importlib.util
import os
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def figures():
    spec = importlib.util.spec_from_file_location("dead_unit_figures", DOCS / "dead_unit_figures.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_prints_what_it_shows(figures):
    names, printed = figures.run_page()
    shown = re.search(r"```\n(\d+ of .*?)```", (DOCS / "dead-units.md").read_text(), flags=re.DOTALL).group(1)
    assert printed.startswith(shown)
    assert names["observer"].history.dead[-1].max() > 0, "the training of the page kills units"
    assert names["small"][0].out_features < 64


def test_every_figure_of_the_page_is_drawn_and_on_disk(figures, tmp_path):
    pytest.importorskip("matplotlib")
    figures.draw(tmp_path)
    named = re.findall(r"\]\(figures/(.*?)\)", (DOCS / "dead-units.md").read_text())
    assert sorted(named) == sorted(os.listdir(tmp_path))
    for name in named:
        assert (DOCS / "figures" / name).is_file(), name
