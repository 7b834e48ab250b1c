"""The journal's claims run on images of the user's."""

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
