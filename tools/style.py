"""Counts the habits of language that docs/style.md rules out, in each part of the repository.

    python tools/style.py                           the table, one row per room
    python tools/style.py --show vague lrn/ledger   every line with one habit in one room
    python tools/style.py --write                   tests/style.json, to which tests/test_style.py compares

The test fails when a count rises above the one in tests/style.json. Rates are per 1,000 lines of Python or per 1,000
words of docstrings, so that rooms can be compared with each other and with other projects.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from math import ceil, floor
from pathlib import Path

ROOT = Path(__file__).parents[1]
RECORD = ROOT / "tests" / "style.json"

VAGUE = frozenset(
    {"asked", "elsewhere", "found", "given", "gone", "here", "kept", "meant", "place", "places", "said", "seen"}
    | {"taken", "there", "told", "wanted", "which"}
)
"""Identifiers that do not say what they hold. Names that another package chose are not counted (`_foreign`)."""

WHAT = re.compile(
    r"\bwhat (?:is|are|was|were|has|have|the|an?|it|its|they|this|that|these|those|there|one|each|every)\b", re.I
)
IS_NO = re.compile(r"(?<!there )\b(?:is|are|was|were|be) (?:no(?! (?:longer|more|less|fewer|one)\b)|none)\b", re.I)
"""English has "there is no file", and "it is not a file" where German has "it is no file"."""
STOPPERS = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        r"populations that are no experiments",
        r"expected to be none but",
        r"network of this vector has one that is settled",
        r"is moved by none",
        r"elsewhere than on this machine",
        r"is no look",
        r"come to share a vector",
        r"\b(?:runs|networks|seeds|rows?|lines?|steps?) an? "
        r"(?:setting|cell|lane|row|second|side)\b",
        r"\bone (?:number|slope|row|line) an? (?:layer|seed|case)\b",
        r"\bfor want of\b",
        r"takes half of one",
        r"loses? by depth too",
        r"nothing to count",
        r"\bnobody locks\b",
        r"right, all of them at once",
        r"mends the fault",
    )
)
"""Sentences, or the pattern behind them, at which readers stopped."""


@dataclass
class Counts:
    """The counts of some files; `lines` names the lines of each habit."""

    python_lines: int = 0
    words: int = 0
    cpp_lines: int = 0
    cpp_comments: int = 0
    cpp_names: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    lines: dict[str, list[str]] = field(default_factory=dict)

    def add(self, habit: str, line: str) -> None:
        """Counts one line."""
        self.counts[habit] += 1
        self.lines.setdefault(habit, []).append(line)

    def rates(self) -> dict[str, float]:
        """The figures that are compared with other projects."""
        per_line, per_word = 1000 / max(self.python_lines, 1), 1000 / max(self.words, 1)
        return {
            "vague": self.counts["vague"] * per_line,
            "comprehensions": self.counts["comprehensions"] * per_line,
            "what": self.counts["what"] * per_word,
            "is no": self.counts["is no"] * per_word,
            "stoppers": float(self.counts["stoppers"]),
            "C++ comments %": 100 * self.cpp_comments / max(self.cpp_lines, 1),
            "C++ letters %": 100 * self.counts["C++ letters"] / max(self.cpp_names, 1),
        }


DECLARED = re.compile(
    r"\b(?:auto|bool|char|double|float|int|size_t|u?int\d+_t|[A-Z]\w*)(?:<[^<>;{}]*>)?(?:::\w+)?\s*(?:const\b)?\s*[&*]*\s+"
    r"(?:LRN_RESTRICT\s+|__restrict\s+)?([a-z_]\w*)\s*(?=[=;,){\[:(])"
)
"""A variable or parameter after its type: near enough, and the same for every project that is measured."""

CPP, TEXT = (".cpp", ".hpp", ".cu"), (".md", ".j2", ".toml", ".ipynb")
OURS = frozenset({"benchmarks", "claims", "docs", "lrn", "papers", "tests", "tools"})
"""The packages whose names are ours."""
LEFT_OUT = ("tools/style.py", "docs/style.md", "claims/sentences/", "reports/", "tests/test_style.py")
"""What names the habits, and what quotes other people."""


def measure(files: dict[str, str]) -> dict[str, Counts]:
    """The counts of each room.

    Args:
        files: the text of each file, by its path from the root.
    """
    rooms: dict[str, Counts] = {}
    for name, text in sorted(files.items()):
        counts = rooms.setdefault(_room(name), Counts())
        if name.endswith(".py"):
            _python(name, text, counts)
        if name.endswith(CPP):
            _cpp(name, text, counts)
        if name.endswith((".py", *CPP, *TEXT)) and not name.startswith(LEFT_OUT):
            _stoppers(name, text, counts)
    return rooms


def repository() -> dict[str, str]:
    """The text of every file that git tracks and that is measured."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    selected = [name for name in names if name.endswith((".py", *CPP, *TEXT)) and (ROOT / name).is_file()]
    return {name: (ROOT / name).read_text(encoding="utf-8") for name in selected}


def everything(rooms: dict[str, Counts]) -> Counts:
    """The counts of all rooms together."""
    total = Counts()
    for counts in rooms.values():
        for attribute in ("python_lines", "words", "cpp_lines", "cpp_comments", "cpp_names"):
            setattr(total, attribute, getattr(total, attribute) + getattr(counts, attribute))
        total.counts.update(counts.counts)
    return total


def risen(rates: dict[str, float], record: dict[str, float]) -> list[str]:
    """One sentence per figure that is worse than the one in the record; the share of comments may not fall."""
    sentences = []
    for name, limit in record.items():
        worse = rates[name] < limit if name == "C++ comments %" else rates[name] > limit
        if worse:
            sentences.append(f"{name}: {rates[name]:.2f}, where {limit} was committed")
    return sentences


def rounded(rates: dict[str, float]) -> dict[str, float]:
    """The rates with one decimal, each in the direction in which the test allows the rate to be."""
    return {name: (floor if name == "C++ comments %" else ceil)(10 * rate) / 10 for name, rate in rates.items()}


def _room(name: str) -> str:
    parts = name.split("/")
    return (
        "/".join(parts[:2]) if parts[0] in ("lrn", "claims") and len(parts) > 2 else parts[0] if len(parts) > 1 else "."
    )


def _python(name: str, text: str, counts: Counts) -> None:
    counts.python_lines += len(text.splitlines())
    tree = ast.parse(text)
    foreign = _foreign(tree)
    for node in ast.walk(tree):
        identifier = _identifier(node)
        if identifier.strip("_") in VAGUE and ast.unparse(node) not in foreign:
            counts.add("vague", f"{name}:{getattr(node, 'lineno', 1)}: {identifier}")
        if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            counts.add("comprehensions", f"{name}:{node.lineno}")
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            _docstring(name, node, counts)


def _foreign(tree: ast.Module) -> set[str]:
    """Names that a module imports from other packages, such as `given` from hypothesis, and `shutil.which`."""
    names = {"shutil.which"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").split(".")[0] not in OURS:
            names |= {alias.name for alias in node.names if alias.asname is None}
    return names


def _identifier(node: ast.AST) -> str:
    """The name that a node binds or reads; "" if it does neither."""
    for attribute in ("id", "arg", "name", "attr"):
        value = getattr(node, attribute, None)
        if isinstance(value, str):
            return value
    return ""


def _docstring(
    name: str, node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, counts: Counts
) -> None:
    text = ast.get_docstring(node) or ""
    counts.words += len(text.split())
    line = getattr(node, "lineno", 1)
    for habit, pattern in (("what", WHAT), ("is no", IS_NO)):
        for match in pattern.finditer(text):
            counts.add(habit, f"{name}:{line}: {text[max(0, match.start() - 20) : match.end() + 30]!r}")


def _cpp(name: str, text: str, counts: Counts) -> None:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    counts.cpp_lines += len(lines)
    counts.cpp_comments += sum(line.startswith("//") for line in lines)
    for number, line in enumerate(text.splitlines(), 1):
        for match in DECLARED.finditer(line.partition("//")[0]):
            counts.cpp_names += 1
            if len(match[1]) == 1:
                counts.add("C++ letters", f"{name}:{number}: {match[1]}")


def _stoppers(name: str, text: str, counts: Counts) -> None:
    flat = re.sub(r"\s+(?:(?://|#)\s*)?", " ", text)
    for pattern in STOPPERS:
        for match in pattern.finditer(flat):
            counts.add("stoppers", f"{name}: {flat[max(0, match.start() - 30) : match.end() + 30]!r}")


def table(rooms: dict[str, Counts]) -> str:
    """The rates of each room, and of everything."""
    total = everything(rooms)
    names = list(total.rates())
    lines = [f"{'room':20} {'lines':>7} " + " ".join(f"{name:>14}" for name in names)]
    for room, counts in [*rooms.items(), ("all", total)]:
        rates = " ".join(f"{rate:14.1f}" for rate in counts.rates().values())
        lines.append(f"{room:20} {counts.python_lines + counts.cpp_lines:7} {rates}")
    return "\n".join(lines)


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", nargs=2, metavar=("HABIT", "ROOM"), help="every place of a habit in a room")
    parser.add_argument("--write", action="store_true", help="write tests/style.json")
    arguments = parser.parse_args()
    rooms = measure(repository())
    if arguments.write:
        RECORD.write_text(json.dumps(rounded(everything(rooms).rates()), indent=1) + "\n", encoding="utf-8")
    if arguments.show:
        habit, room = arguments.show
        print("\n".join(rooms[room].lines.get(habit, [])))
    else:
        print(table(rooms))


if __name__ == "__main__":
    main()
