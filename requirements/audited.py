"""Whether pip-audit has looked at every locked package: `python requirements/audited.py REPORT.json REQUIREMENTS...`.

pip-audit ends with "no known vulnerabilities" and exit code 0 where its service could not be reached or a package was
passed over. Its report (`--format json`) tells: each package must be in it, looked at, without a vulnerability.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def locked(text: str) -> set[str]:
    """The packages of a requirements file that this machine would install."""
    names = set()
    for line in text.replace("\\\n", " ").splitlines():
        named = re.split(r"--hash|#", line)[0].strip()
        if named:
            requirement = Requirement(named)
            if requirement.marker is None or requirement.marker.evaluate():
                names.add(canonicalize_name(requirement.name))
    return names


def problems(report: str, names: set[str]) -> list[str]:
    """One sentence for each of these packages that is vulnerable or was not looked at."""
    rows = {}
    for row in json.loads(report)["dependencies"]:
        rows[canonicalize_name(row["name"])] = row
    sentences = []
    for name in sorted(names):
        row = rows.get(name, {"skip_reason": "it is not in pip-audit's report"})
        if "vulns" not in row:
            sentences.append(f"{name} was not looked at: {row.get('skip_reason', 'no reason given')}")
        for vulnerability in row.get("vulns", []):
            sentences.append(f"{name} {row['version']} is vulnerable: {vulnerability['id']}")
    return sentences


if __name__ == "__main__":
    report, *files = map(Path, sys.argv[1:])
    names: set[str] = set()
    for file in files:
        names |= locked(file.read_text(encoding="utf-8"))
    sentences = problems(report.read_text(encoding="utf-8"), names)
    sys.exit("\n".join(sentences) if sentences else print(f"{len(names)} packages, no known vulnerability"))
