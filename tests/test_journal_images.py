"""The journal's claims run on images of the user's, and with a larger budget."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.test_images import write_folder, write_mnist

pytest.importorskip("sklearn")

ROOT = Path(__file__).parents[1]

LOOK = """
import sys
from claims.journal.networks import pair
for population in pair(8):
    print(population.label, population.data.x.shape)
"""


def look(source):
    """What the claims' populations are, from a folder of its own so that no cache is left in this one."""
    environment = {**os.environ, "LRN_IMAGES": str(source), "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", LOOK], env=environment, cwd=source.parent, capture_output=True, text=True, check=False
    )


def test_claims_take_mnist_and_folders(tmp_path):
    pixels = np.zeros((20, 28, 28), np.uint8)
    write_mnist(tmp_path / "mnist", packed=True, pixels=pixels, labels=np.arange(20, dtype=np.uint8) % 10)
    write_folder(tmp_path / "leaves")
    mnist, leaves = (look(tmp_path / name).stdout.splitlines() for name in ("mnist", "leaves"))
    assert mnist == [f"{kind} CNNs of depth 8 on MNIST (20, 1, 28, 28)" for kind in ("plain", "residual")]
    assert leaves == [f"{kind} CNNs of depth 8 on leaves (6, 3, 32, 32)" for kind in ("plain", "residual")]


def test_a_folder_that_is_not_there_is_named(tmp_path):
    assert "the folder" in (error := look(tmp_path / "nowhere").stderr)
    assert "nowhere, which is not there" in error


ASKED = """
from claims.journal.networks import pair
def test_asked(pytestconfig):
    print(pair(8)[0].label, pytestconfig.option.lrn_verdicts)
"""


def asked(tmp_path, *options, workers=1):
    """What pytest's options make of the populations."""
    (tmp_path / "conftest.py").write_text((ROOT / "conftest.py").read_text())
    (tmp_path / "test_asked.py").write_text(ASKED)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-rP",
        "-n",
        str(workers),
        "-p",
        "no:cacheprovider",
        *options,
        "test_asked.py",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)


def test_a_large_budget_trains_more_and_leaves_the_record_alone(tmp_path):
    small, large = asked(tmp_path).stdout, asked(tmp_path, "--budget=large").stdout
    assert "plain CNNs of depth 8 on digits None" in small
    assert "plain CNNs of depth 8 on digits, channels (16, 32, 64), train 1024, test 512, epochs 60" in large
    assert "reports/other/verdicts.json" in asked(tmp_path, "--budget=large", workers=0).stdout


def test_a_folder_of_images_that_is_not_there_is_refused_at_once(tmp_path):
    assert "--images must be a folder; got nowhere" in asked(tmp_path, "--images=nowhere").stderr
