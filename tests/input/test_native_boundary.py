"""The compiled functions trust no caller: what does not fit is refused, and nothing is written outside."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lrn.engines import native

pytestmark = pytest.mark.skipif(not native.available(), reason="the native engine was not built")


def calls(examples: int, seconds: int) -> str:
    """The output of a process that makes that many sound and unsound calls."""
    script = Path(__file__).with_name("native_boundary.py")
    command = [sys.executable, str(script), str(examples)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds)
    assert done.returncode == 0, f"exit code {done.returncode}\n{done.stderr[-3000:]}"
    return done.stdout


def test_calls_of_any_kind_end_in_results_or_in_a_refusal():
    assert calls(40, 120).endswith(" refused\n")


@pytest.mark.slow
def test_many_calls_of_any_kind_end_in_results_or_in_a_refusal():
    assert calls(3000, 1800).endswith(" refused\n")
