"""Prints what lrn and some of its extras need, one requirement per line: `python requirements/needed.py claims`.

pip can then install these while the kernel is compiled, which `pip install -e '.[claims]'` does one after the other.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OWN_EXTRAS = re.compile(rf"{re.escape(PROJECT['name'])}\[(.+)\]$")


def needed(*extras: str) -> list[str]:
    """Requirements of lrn itself and of these extras, those that an extra takes from another one included."""
    requirements = list(PROJECT["dependencies"])
    for extra in extras:
        requirements += _of_extra(extra)
    return sorted(set(requirements))


def _of_extra(extra: str) -> list[str]:
    requirements = []
    for requirement in PROJECT["optional-dependencies"][extra]:
        own = OWN_EXTRAS.match(requirement)
        if own is None:
            requirements.append(requirement)
            continue
        for other in own[1].split(","):
            requirements += _of_extra(other.strip())
    return requirements


if __name__ == "__main__":
    print(*needed(*sys.argv[1:]), sep="\n")
