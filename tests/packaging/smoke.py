"""Installs a wheel or a source distribution into an empty environment and tries it there: `smoke.py FILE`.

It needs no package itself, and runs outside the repository, so that nothing but the installed files is found.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
CLAIM = """
from lrn.claims import Experiment, claim


@claim("Some networks converge")
def test_some(measure):
    assert measure.rate(Experiment(depth=2, epochs=300), "converged") > 0.05
"""


def main(distribution: Path) -> None:
    """Installs it, then uses the engines, the library, the command and the plugin."""
    with tempfile.TemporaryDirectory() as folder:
        environment, work = Path(folder, "environment"), Path(folder, "work")
        work.mkdir()
        venv.create(environment, with_pip=True)
        scripts = environment / ("Scripts" if os.name == "nt" else "bin")
        python, lrn = scripts / "python", scripts / "lrn"

        def run(*command: object) -> str:
            clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
            line = [str(part) for part in command]
            print("$", " ".join(line), flush=True)
            done = subprocess.run(line, cwd=work, env=clean, capture_output=True, text=True, check=False)
            print(done.stdout + done.stderr, flush=True)
            if done.returncode:
                sys.exit(f"{distribution.name}: exit code {done.returncode}")
            return done.stdout

        run(python, "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt", distribution.resolve())
        assert "auto       native" in run(python, "-m", "lrn.engines"), "the native engine was not built"
        run(python, "-c", "from lrn import Experiment, train; assert len(train(Experiment(epochs=9), range(64))) == 64")
        table = run(lrn, "run", "--depths", "2", "--epochs", "300", "--seeds", "64", "--csv", "-")
        assert len(table.splitlines()) == 9, "a head, and a row for each of 8 cells"
        Path(work, "test_mine.py").write_text(CLAIM)
        assert "1 supported" in run(python, "-m", "pytest", "-q", "test_mine.py")
    print(f"{distribution.name}: installed and tried on Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
