"""Reads the output and the files of a session under test."""

import itertools
import re
import xml.etree.ElementTree as ElementTree
from typing import NamedTuple


def section(result, title):
    """The lines below the heading that matches `title`, up to the next heading."""
    lines = itertools.dropwhile(lambda line: not re.fullmatch(f"=+ {title} =+", line), result.outlines)
    next(lines)
    return list(itertools.takewhile(lambda line: not line.startswith("="), lines))


def by_test(suite):
    """The verdicts of a suite by their test's name, without the file."""
    return {verdict.test.partition("::")[2]: verdict for verdict in suite.claims}


class Case(NamedTuple):
    """A test in JUnit's file: its properties, and the messages of its failures."""

    properties: dict[str, str]
    failures: list[str]


def junit_cases(root):
    """The cases of JUnit's file by their name."""
    cases = {}
    for case in root.iter("testcase"):
        properties = {entry.get("name"): entry.get("value") for entry in case.iter("property")}
        failures = [failure.get("message") for failure in case.iter("failure")]
        cases[case.get("name")] = Case(properties, failures)
    return cases


def junit(path):
    """The root of JUnit's file."""
    return ElementTree.parse(path).getroot()
