"""Environment variables of the processes that tests start."""

from __future__ import annotations

import os


def environment_without(*prefixes):
    """Returns this process's variables, except for those whose names begin with one of the prefixes."""
    return {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}
