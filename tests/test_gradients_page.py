"""The page on vanishing and exploding gradients: its Python runs, prints the page's text, and draws its figures."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("gradient_figures", DOCS / "gradient_figures.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_prints_what_it_says(script, capsys):
    script.run_page()
    printed = capsys.readouterr().out
    texts = re.findall(r"```text\n(.*?)```", script.PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(texts) == 5
    for text in texts:
        assert text.strip() in printed


def test_the_figures_are_those_of_the_page(script, tmp_path):
    pytest.importorskip("matplotlib")
    script.draw(tmp_path)
    page = script.PAGE.read_text(encoding="utf-8")
    for path in sorted(tmp_path.glob("*.svg")):
        assert f"figures/{path.name}" in page
        committed = (DOCS / "figures" / path.name).read_text(encoding="utf-8")
        drawn = path.read_text(encoding="utf-8")
        assert len(committed) < 60_000
        for label in script.FIGURES[path.stem].values():
            assert label in committed
            assert label in drawn
    assert len(list(tmp_path.glob("*.svg"))) == len(script.FIGURES) == page.count(".svg)")
