"""A random part of the mutants of each module, the same each time, and what share of it was found.

mutmut run "no such mutant"                                     # makes them
mutmut run $(python tests/sabotage/sample.py 150)
python tests/sabotage/sample.py 150 --score
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

from lrn.intervals import rate_interval

MUTANTS = Path(__file__).parents[2] / "mutants" / "lrn"
MODULES = ("intervals", "claims", "dead", "audit.py")
SURVIVED, SEED = 0, 20220501


def outcomes(module: str) -> dict[str, int | None]:
    """{mutant: the exit code of its tests, None if it was not tried}."""
    place = MUTANTS / module
    files = sorted(place.rglob("*.meta")) if place.is_dir() else [place.with_name(f"{module}.meta")]
    found: dict[str, int | None] = {}
    for file in files:
        found |= json.loads(file.read_text(encoding="utf-8"))["exit_code_by_key"]
    return found


def sample(names: list[str], size: int) -> list[str]:
    """At most `size` of them."""
    return sorted(random.Random(SEED).sample(sorted(names), min(size, len(names))))


def main() -> None:
    """Prints the names, or the score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", type=int, help="mutants of each module")
    parser.add_argument("--score", action="store_true", help="print what became of them, not their names")
    given = parser.parse_args()
    for module in MODULES:
        known = outcomes(module)
        chosen = sample(list(known), given.size)
        if not given.score:
            print("\n".join(chosen))
            continue
        tried = [name for name in chosen if known[name] is not None]
        survivors = [name for name in tried if known[name] == SURVIVED]
        killed = len(tried) - len(survivors)
        low, high = rate_interval(killed, len(tried), 0.05) if tried else (0.0, 1.0)
        print(f"| `lrn/{module}` | {len(known)} | {len(tried)} | {killed} | {low:.1%} to {high:.1%} |")
        print("\n".join(f"  {name}" for name in survivors))


if __name__ == "__main__":
    main()
