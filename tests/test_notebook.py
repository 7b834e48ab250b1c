"""The notebook runs from start to end, and its stored output is the printed one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.environments import environment_without

nbformat = pytest.importorskip("nbformat", reason="notebooks need nbformat, nbclient and ipykernel")
nbclient = pytest.importorskip("nbclient", reason="notebooks need nbformat, nbclient and ipykernel")
pytest.importorskip("ipykernel", reason="notebooks need nbformat, nbclient and ipykernel")
pytest.importorskip("matplotlib", reason="the notebook draws")

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "docs").glob("*.ipynb"))


def execute(notebook, folder):
    """The notebook with fresh outputs; raises CellExecutionError if a cell does."""
    fresh = nbformat.v4.new_notebook(cells=list(map(nbformat.from_dict, notebook.cells)))
    for cell in code_cells(fresh):
        cell.outputs, cell.execution_count = [], None
    nbclient.NotebookClient(
        fresh, timeout=60, kernel_name="python3", resources={"metadata": {"path": folder}}
    ).execute()
    return fresh


def shown_by(notebook):
    """The text that each code cell prints, and how many pictures it draws."""
    cells = []
    for cell in code_cells(notebook):
        text, pictures = "", 0
        for output in cell.outputs:
            text += output.text if output.output_type == "stream" else ""
            pictures += "image/png" in output.get("data", {})
        cells.append((text, pictures))
    return cells


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    for name in os.environ.keys() - environment_without("PYTEST").keys():
        monkeypatch.delenv(name)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_runs_and_shows_what_it_prints(path, tmp_path):
    committed = nbformat.read(path, as_version=4)
    assert shown_by(execute(committed, tmp_path)) == shown_by(committed)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_is_valid_and_small(path):
    nbformat.validate(nbformat.read(path, as_version=4))
    assert path.stat().st_size < 300_000


def test_a_cell_that_fails_fails_the_notebook(tmp_path):
    broken = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")])
    with pytest.raises(nbclient.exceptions.CellExecutionError, match="ZeroDivisionError"):
        execute(broken, tmp_path)


def test_the_story_is_there():
    assert [ROOT / "docs" / "story.ipynb"] == NOTEBOOKS
