"""The notebook runs from start to end, and its stored output is the printed one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat", reason="notebooks need nbformat, nbclient and ipykernel")
nbclient = pytest.importorskip("nbclient", reason="notebooks need nbformat, nbclient and ipykernel")
pytest.importorskip("ipykernel", reason="notebooks need nbformat, nbclient and ipykernel")
pytest.importorskip("matplotlib", reason="the notebook draws")

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "docs").glob("*.ipynb"))


def execute(notebook, folder):
    """The notebook with fresh outputs; raises CellExecutionError if a cell does."""
    fresh = nbformat.v4.new_notebook(cells=[nbformat.from_dict(cell) for cell in notebook.cells])
    for cell in fresh.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nbclient.NotebookClient(
        fresh, timeout=60, kernel_name="python3", resources={"metadata": {"path": folder}}
    ).execute()
    return fresh


def printed(notebook):
    return ["".join(out.text for out in cell.outputs if out.output_type == "stream") for cell in code_cells(notebook)]


def pictures(notebook):
    return [sum("image/png" in out.get("data", {}) for out in cell.outputs) for cell in code_cells(notebook)]


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    for name in [name for name in os.environ if name.startswith("PYTEST")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_runs_and_shows_what_it_prints(path, tmp_path):
    shown = nbformat.read(path, as_version=4)
    fresh = execute(shown, tmp_path)
    assert printed(fresh) == printed(shown)
    assert pictures(fresh) == pictures(shown)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_is_valid_and_small(path):
    nbformat.validate(nbformat.read(path, as_version=4))
    assert path.stat().st_size < 300_000


def test_a_cell_that_fails_fails_the_notebook(tmp_path):
    broken = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")])
    with pytest.raises(nbclient.exceptions.CellExecutionError, match="ZeroDivisionError"):
        execute(broken, tmp_path)


def test_the_story_is_there():
    assert [path.name for path in NOTEBOOKS] == ["story.ipynb"]
