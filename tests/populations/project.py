"""A project of somebody else's: a module with populations, whose tests run processes of their own in it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

MINE = """
import os, time
import numpy as np
from lrn.claims import population
from helpers import scale

def note(text):
    handle = os.open(os.environ["NOTES"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, f"{text}\\n".encode())
    os.close(handle)

def trained(seed, seconds):
    note(f"begin {seed}")
    time.sleep(seconds)
    note(f"end {seed} {os.getpid()}")
    return {"u": float(np.random.default_rng(seed).random()) * scale()}

@population
def slow(seed, *, seconds=0.06):
    return trained(seed, seconds)

@population
def lasting(seed):
    return trained(seed, 300 if seed else 0.06)

@population
def quick(seed):
    return trained(seed, 0)

@population
def breaks(seed, *, at=3):
    if seed == at:
        raise ValueError("diverged")
    return trained(seed, 0.06)

@population
def dies(seed):
    if seed == 3:
        os.kill(os.getpid(), 9)
    return trained(seed, 0.06)
"""

CLAIMS = """
from lrn.claims import claim
from mine import slow

@claim("A mean that takes hundreds of seeds")
def test_mean(measure):
    assert measure.mean(slow(), "u", bounds=(0, 1)) > 0.42

@claim("Another one, of the same seeds")
def test_median(measure):
    assert measure.median(slow(), "u") < 0.6
"""

OBSERVE = """
import sys
from pathlib import Path
import mine
from lrn.claims._populations import Draw, RecentSamples, columns

if __name__ == "__main__":
    name, n, workers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    draw = Draw(Path("ledger"), workers=workers, say=lambda line: print(line, file=sys.stderr), **eval(sys.argv[4]))
    (values,) = columns(draw, getattr(mine, name)(), ["u"], range(n))
    print(*map(float.hex, values.tolist()))
"""


class Project:
    """A folder with the module `mine`, and a ledger."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.ledger, self.notes = folder, folder / "ledger", folder / "notes.txt"
        for name, text in {
            "pyproject.toml": "",
            "mine.py": MINE,
            "helpers.py": "def scale():\n    return 1\n",
            "observe.py": OBSERVE,
            "test_mine.py": CLAIMS,
        }.items():
            (folder / name).write_text(text)
        self.notes.touch()

    def start(self, name, n, workers=1, **options):
        """A process that observes n seeds of a population, and prints them."""
        return self._process([sys.executable, "observe.py", name, str(n), str(workers), repr(options)])

    def start_suite(self, most_seeds):
        """A process that judges the claims, and writes verdicts.json."""
        options = ["-p", "no:cacheprovider", "-q", "--alpha", "0.05", "--workers", "2", "--ledger", "ledger"]
        options += ["--max-seeds", str(most_seeds), "--verdicts", "verdicts.json"]
        return self._process([sys.executable, "-m", "pytest", *options])

    def verdicts(self, most_seeds):
        """The file of verdicts, of a suite that comes to its end."""
        out, error = self.start_suite(most_seeds).communicate(timeout=300)
        assert (self.folder / "verdicts.json").exists(), out + error
        return (self.folder / "verdicts.json").read_bytes()

    def _process(self, command):
        environment = {**os.environ, "NOTES": str(self.notes), "PYTHONPATH": str(ROOT)}
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def observe(self, *arguments, **options):
        """What such a process prints. Raises AssertionError with its standard error if it fails."""
        process = self.start(*arguments, **options)
        out, error = process.communicate(timeout=120)
        assert process.returncode == 0, error
        return out.split(), error

    def events(self, what):
        """The seeds that began, or ended, in order."""
        return [int(line.split()[1]) for line in self.notes.read_text().splitlines() if line.startswith(what)]

    def stored_seeds(self):
        """The seeds on disk."""
        seeds = []
        for path in self.ledger.rglob("*.parquet"):
            seeds += range(*map(int, path.stem.split("-")))
        return sorted(seeds)
