"""What workers are asked to do in tests; a module of its own, as functions travel by name."""

from __future__ import annotations

import os
import time
from pathlib import Path


def note(request):
    """Leaves a file that tells who began this, and takes its time."""
    folder, number, seconds = request
    Path(folder, f"{number}-{os.getpid()}").touch()
    time.sleep(seconds)
    return number * number


def fail(request):
    """Ends in an error."""
    raise ValueError(f"no such request: {request}")


def stop(request):
    """Ends the worker."""
    os._exit(1)
