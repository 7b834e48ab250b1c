"""Installs a wheel or a source distribution into an empty environment and tries it there: `smoke.py FILE`.

A wheel with the kernel is tried with all that trains and with pytest-xdist. One without it (`py3-none-any`), and a
source distribution, of which pip makes such a wheel, are tried alone, without torch. The script needs no package
itself, and runs outside the repository, so that nothing but the installed files is found.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
TRAINED = """
from lrn.claims import Experiment, claim


@claim("Some networks converge")
def test_some(measure):
    assert measure.rate(Experiment(depth=2, epochs=300), "converged") > 0.05
"""
ORDINARY = """
from dataclasses import dataclass

import numpy as np

from lrn.claims import claim


@dataclass(frozen=True)
class Coins:
    label: str = "coins"

    def sample(self, seeds):
        return {"heads": np.array([np.random.Generator(np.random.Philox(key=seed)).random() < 0.8 for seed in seeds])}


@claim("Most coins show heads")
def test_heads(measure):
    assert measure.rate(Coins(), "heads") > 0.5
"""
Run = Callable[..., str]


def main(distribution: Path) -> None:
    """Installs it, then uses its parts: the engines, the library, the command and the plugin."""
    core = distribution.name.endswith(("-py3-none-any.whl", ".tar.gz"))
    with tempfile.TemporaryDirectory() as folder:
        environment, work = Path(folder, "environment"), Path(folder, "work")
        work.mkdir()
        venv.create(environment, with_pip=True)
        scripts = environment / ("Scripts" if os.name == "nt" else "bin")

        def run(command: object, *arguments: object) -> str:
            clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
            line = [str(scripts / str(command)), *map(str, arguments)]
            print("$", " ".join(line), flush=True)
            done = subprocess.run(line, cwd=work, env=clean, capture_output=True, text=True, check=False)
            print(done.stdout + done.stderr, flush=True)
            if done.returncode:
                sys.exit(f"{distribution.name}: exit code {done.returncode}")
            return done.stdout

        pip = ("python", "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt")
        index = os.environ.get("TORCH_INDEX")
        if index and not core:
            run(*pip, "--no-deps", "--index-url", index, "torch")
        run(*pip, f"{distribution.resolve()}{'' if core else '[torch,xdist]'}")
        Path(work, "test_ordinary.py").write_text(ORDINARY)
        assert "1 supported" in run("python", "-m", "pytest", "-q", "test_ordinary.py")
        (try_core if core else try_engine)(run, work)
    print(f"{distribution.name}: installed and tried on Python {sys.version.split()[0]}")


def try_core(run: Run, work: Path) -> None:
    """The core's messages about its missing parts."""
    assert "lrn-claims[torch]" in run("python", "-m", "lrn.engines")
    assert "torch" not in run("python", "-m", "pip", "list")


def try_engine(run: Run, work: Path) -> None:
    """Trains."""
    assert "auto       native" in run("python", "-m", "lrn.engines"), "the native engine was not built"
    run("python", "-c", "from lrn import Experiment, train; assert len(train(Experiment(epochs=9), range(64))) == 64")
    table = run("lrn", "run", "--depths", "2", "--epochs", "300", "--seeds", "64", "--csv", "-")
    assert len(table.splitlines()) == 9, "a head, and a row for each of 8 cells"
    Path(work, "test_trained.py").write_text(TRAINED)
    assert "1 supported" in run("python", "-m", "pytest", "-q", "-n", "2", "test_trained.py")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
