"""What became of the mutants that `make mutants` tried: a score for each module, and every survivor with its line.

python tests/sabotage/survivors.py             how many were found, with exact 95 % intervals
python tests/sabotage/survivors.py --list      and the survivors
"""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from lrn.intervals import rate_interval

MUTANTS = Path(__file__).parents[2] / "mutants" / "lrn"
MODULES = ("intervals", "claims", "dead", "audit")
SURVIVED, UNREACHED = 0, 33  # what the tests of a mutant ended with; 33 is mutmut's word for none that reaches it


def outcomes(module: str) -> dict[Path, dict[str, int | None]]:
    """For each file of mutants {mutant: the exit code of its tests, None if it was not tried}."""
    folder = MUTANTS / module
    files = sorted(folder.rglob("*.meta")) if folder.is_dir() else [folder.with_name(f"{module}.meta")]
    return {file.with_suffix(""): json.loads(file.read_text(encoding="utf-8"))["exit_code_by_key"] for file in files}


def changes(file: Path, names: list[str]) -> Iterator[tuple[str, str, str]]:
    """For each mutant of that file (its name, the lines as they were, as they became)."""
    text = file.read_text(encoding="utf-8")
    lines = text.splitlines()
    functions = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            functions[node.name] = lines[node.lineno - 1 : node.end_lineno]
    for name in names:
        mutant = name.split(".")[-1]
        sound = re.sub(r"__mutmut_\d+$", "__mutmut_orig", mutant)
        yield name.removeprefix("lrn."), *difference(functions[sound], functions[mutant])


def difference(sound: list[str], mutant: list[str]) -> tuple[str, str]:
    """The lines that a mutant changes (as they were, as they became)."""
    changed = {"-": "", "+": ""}
    for line in difflib.unified_diff(sound, mutant, lineterm="", n=0):
        if not line.startswith(("---", "+++", "@@")) and "__mutmut_" not in line:
            changed[line[0]] += line[1:].strip()
    return changed["-"], changed["+"]


def main() -> None:
    """Prints the score, and the survivors."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="print the survivors, too")
    arguments = parser.parse_args()
    for module in MODULES:
        files = outcomes(module)
        codes = Counter(chain.from_iterable(map(dict.values, files.values())))
        tried, survived = codes.total() - codes[None], codes[SURVIVED] + codes[UNREACHED]
        low, high = rate_interval(tried - survived, tried, 0.05) if tried else (0.0, 1.0)
        share = f"{(tried - survived) / tried:.1%}" if tried else ""
        print(
            f"| `lrn/{module}` | {codes.total()} | {tried} | {tried - survived} | {share} | {low:.1%} to {high:.1%} |"
        )
        if arguments.list:
            for file, part in files.items():
                survivors = [name for name, code in part.items() if code in (SURVIVED, UNREACHED)]
                for name, was, becomes in changes(file, survivors):
                    print(f"{name}\n  - {was}\n  + {becomes}")


if __name__ == "__main__":
    main()
