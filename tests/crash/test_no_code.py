"""Nothing that the library reads can run code: no pickles, no eval, no YAML but that of the safe loader."""

from __future__ import annotations

import ast
import tomllib
from operator import attrgetter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted([*(ROOT / "lrn").rglob("*.py"), *(ROOT / "claims").rglob("*.py"), ROOT / "conftest.py"])
MODULES = {"cPickle", "cloudpickle", "dill", "joblib", "jsonpickle", "marshal", "shelve"}
SHARES_WORK = {
    "Parallel",
    "TerminatedWorkerError",
    "delayed",
    "parallel_config",
}  # of joblib: what travels is between processes of this run
NAMES = {"eval", "exec", "compile", "__import__"}
LAST = {"read_pickle", "unsafe_load", "load_module", "Unpickler", "system", "popen"}


def executing(source):
    """Line and text of each call, or import, that can run code from a file."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = list(map(attrgetter("name"), node.names))
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else names
            shares_work = set(names) <= SHARES_WORK if isinstance(node, ast.ImportFrom) else names == ["joblib"]
            if {name.partition(".")[0] for name in modules} & MODULES and not shares_work:
                yield node.lineno, ast.unparse(node)
            if modules == ["pickle"] and isinstance(node, ast.ImportFrom) and names != ["UnpicklingError"]:
                yield node.lineno, ast.unparse(node)
        elif isinstance(node, ast.Call) and _executes(node):
            yield node.lineno, ast.unparse(node)


def _executes(call):
    name = ast.unparse(call.func)
    first, _, last = name.rpartition(".")
    arguments = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
    if name in NAMES or last in LAST or arguments.get("shell") == "True":
        return True
    if first == "pickle" or (first.endswith(("hub", "jit")) and last == "load"):
        return True
    if first == "yaml":
        return last != "safe_load"
    if last == "load" and first == "torch":
        return arguments.get("weights_only") != "True"
    if last in ("load", "read_array", "memmap") and first in ("np", "numpy", "np.lib.format"):
        return arguments.get("allow_pickle", "False") != "False"
    return False


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_that_is_read_can_run_code(path):
    assert list(executing(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle\npickle.load(file)",
        "import pickle\npickle.loads(text)",
        "from pickle import loads",
        "from joblib import load",
        "import shelve",
        "yaml.load(text)",
        "yaml.unsafe_load(text)",
        "import cloudpickle.something",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "torch.load(path, weights_only=careful)",
        "torch.hub.load(path)",
        "torch.jit.load(path)",
        "np.load(path, allow_pickle=True)",
        "numpy.load(path, allow_pickle=trusted)",
        "pd.read_pickle(path)",
        "eval(text)",
        "exec(compile(text, name, 'exec'))",
        "subprocess.run(text, shell=True)",
        "os.system(text)",
    ],
)
def test_what_runs_code_is_found(source):
    assert list(executing(source))


@pytest.mark.parametrize(
    "source",
    [
        "torch.load(path, map_location='cpu', weights_only=True)",
        "np.load(path)",
        "np.load(path, allow_pickle=False)",
        "json.load(file)",
        "yaml.safe_load(text)",
        "from joblib import Parallel, delayed",
        "re.compile(text)",
        "module.eval()",
        "import pickle\ntry: pass\nexcept pickle.UnpicklingError: pass",
    ],
)
def test_what_does_not_is_left_alone(source):
    assert list(executing(source)) == []


def test_parquet_is_read_by_a_pyarrow_that_unpickles_nothing():
    # Before 14.0.1 a column of a Python type in a file was unpickled as it was read (CVE-2023-47248).
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (needed,) = [text for text in project["dependencies"] if text.startswith("pyarrow")]
    assert int(needed.removeprefix("pyarrow>=").partition(".")[0]) >= 15
