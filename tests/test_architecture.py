"""The arrows between modules run one way, and heavy packages load only when needed."""

from __future__ import annotations

import ast
import graphlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Each part of lrn and the parts it may import; a part is a module or a folder of lrn/.
ARROWS = {
    "_moved": set(),
    "arithmetic": set(),
    "files": set(),
    "intervals": set(),
    "verdicts": {"files"},
    "audit": {"files"},
    "nets": {"arithmetic"},
    "dead": {"nets"},
    "gradients": {"arithmetic", "dead", "nets"},
    "data": {"files"},
    "experiment": {"arithmetic", "data"},
    "engines": {"experiment", "nets"},
    "ledger": {"engines", "experiment", "files"},
    "classifiers": {"arithmetic", "data", "engines", "nets"},
    "claims": {"experiment", "files", "intervals", "ledger", "verdicts"},
    "report": {"files", "intervals", "ledger", "verdicts"},
    "cli": {
        "claims",
        "dead",
        "engines",
        "experiment",
        "files",
        "intervals",
        "ledger",
        "nets",
        "report",
        "verdicts",
    },
    "__main__": {"cli"},
    "plugin": {"claims", "engines", "files", "intervals", "ledger", "report", "verdicts"},
}
OUTSIDE = re.compile(r"(?:import|from) (?:claims|tests|benchmarks)")


def modules():
    """Returns the paths of all modules of lrn, except for its own __init__.py, which re-exports."""
    return sorted({*(ROOT / "lrn").rglob("*.py")} - {ROOT / "lrn" / "__init__.py"})


def part(path):
    return path.relative_to(ROOT / "lrn").parts[0].removesuffix(".py")


def imported_parts(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
        for name in imported_names(node):
            if name.startswith("lrn.") and name != "lrn.__version__":
                yield name.split(".")[1]


def imported_names(node):
    """Returns the full names of the modules that a node of the syntax tree imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [f"lrn.{alias.name}" for alias in node.names] if node.module == "lrn" else [node.module]
    return []


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_follow_the_arrows(path):
    assert set(imported_parts(path)) - {part(path)} <= ARROWS[part(path)]


def test_every_arrow_has_a_module():
    assert set(ARROWS) == set(map(part, modules()))


def test_arrows_form_no_circle():
    graphlib.TopologicalSorter(ARROWS).prepare()  # raises CycleError, which names the circle


def module_name(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports_of(path, names):
    """Returns the modules of lrn that a module imports anywhere, for its types too; a package gathers its own."""
    imported = set()
    if path.name == "__init__.py":
        return imported
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                imported.add(whole if whole in names else node.module)
        elif isinstance(node, ast.Import):
            imported.update(alias.name for alias in node.names)
    return imported & names - {module_name(path)}


def circle(imports):
    """Returns the modules of a circle of imports; None where there is none."""
    try:
        graphlib.TopologicalSorter(imports).prepare()
    except graphlib.CycleError as error:
        return error.args[1]
    return None


def test_modules_form_no_circle_even_for_types():
    paths = modules()
    names = set(map(module_name, paths))
    assert circle({module_name(path): imports_of(path, names) for path in paths}) is None


@pytest.mark.parametrize(
    "text",
    [
        "from lrn.intervals._estimate import Estimate",
        "from lrn.intervals import _estimate",
        "def f():\n    import lrn.intervals._estimate",
        "if TYPE_CHECKING:\n    from lrn.intervals._estimate import Estimate",
    ],
)
def test_a_circle_is_found(tmp_path, monkeypatch, text):
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    folder = tmp_path / "lrn" / "intervals"
    folder.mkdir(parents=True)
    estimate, comparing = folder / "_estimate.py", folder / "_comparing.py"
    estimate.write_text("from lrn.intervals._comparing import equal\n")
    comparing.write_text(text)
    names = {"lrn.intervals._estimate", "lrn.intervals._comparing"}
    assert set(circle({module_name(path): imports_of(path, names) for path in (estimate, comparing)})) == names


@pytest.mark.parametrize("path", sorted((ROOT / "lrn").rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_library_never_imports_claims_or_tests(path):
    assert not OUTSIDE.search(path.read_text())


@pytest.mark.parametrize("module", ["lrn", "lrn.plugin", "lrn.claims", "lrn.cli"])
def test_import_leaves_torch_alone(module):
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


HEAVY = {"torch", "scipy.special", "scipy.stats", "pyarrow", "sklearn", "jinja2", "matplotlib", "pandas"}


def test_collecting_the_claims_loads_nothing_heavy():
    code = (
        "import sys, pytest; pytest.main(['claims', '--collect-only', '-q', '-p', 'no:cacheprovider']); "
        f"print('loaded:', sorted({HEAVY} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "loaded: []"


def test_dead_units_leave_the_compiler_of_torch_alone():
    code = (
        "import sys; from torch import nn, ones; from lrn.dead import dead_units; "
        "dead_units(nn.Sequential(nn.Linear(3, 4), nn.ReLU()), ones(2, 3)); sys.exit('torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
