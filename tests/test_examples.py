"""Everything that README.md and docs/ show runs as it stands, top to bottom, in a folder that was empty before.

Blocks of `python` run one after another in one namespace, those with `>>>` as doctests; but where a comment
`<!-- file: claims/test_x.py -->` stands above a block, the block becomes that file. Blocks of `console` hold commands
after `$ ` and their output, in which `...` stands for anything.
"""

from __future__ import annotations

import doctest
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.environments import environment_without

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(
    r"(?:<!-- file: (?P<file>\S+) -->\n+)?```(?P<language>\w+)\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE
)
MODULES = {"lrn": "lrn", "pytest": "pytest", "python": None}


@dataclass(frozen=True)
class Block:
    """A fenced block of a document."""

    language: str
    body: str
    file: str | None
    line: int


def blocks(text: str) -> Iterator[Block]:
    for fence in FENCE.finditer(text):
        line = text[: fence.start("body")].count("\n")
        yield Block(fence["language"], fence["body"], fence["file"], line)


def run_document(document: Path, folder: Path) -> None:
    namespace: dict[str, object] = {"__name__": document.stem}
    for block in blocks(document.read_text(encoding="utf-8")):
        if block.file is not None:
            (folder / block.file).parent.mkdir(parents=True, exist_ok=True)
            (folder / block.file).write_text(block.body, encoding="utf-8")
        elif block.language == "python" and block.body.startswith(">>> "):
            run_session(block, namespace, document.name)
        elif block.language == "python":
            code = "\n" * block.line + block.body  # so that an error names the document's line
            exec(compile(code, document.name, "exec"), namespace)
        elif block.language == "console":
            run_console(block, folder, f"{document.name}:{block.line + 1}")


def run_session(block: Block, namespace: dict[str, object], name: str) -> None:
    session = doctest.DocTestParser().get_doctest(block.body, namespace, name, name, block.line)
    output: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(session, out=output.append, clear_globs=False)
    namespace.update(session.globs)
    assert runner.failures == 0, "".join(output)


def run_console(block: Block, folder: Path, source: str) -> None:
    for command, expected in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block.body, flags=re.MULTILINE):
        printed = run(command, folder)
        same = doctest.OutputChecker().check_output(expected, printed, doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
        assert same, f"{source}: {command}\nshould print:\n{expected}\nit printed:\n{printed}"


EDITABLE = "-W 'ignore:Module already imported so cannot be rewritten:pytest.PytestAssertRewriteWarning'"
"""An editable installation's finder is loaded before pytest, which warns of it; readers install lrn as a package."""


def run(command: str, folder: Path) -> str:
    """The output of a command, on either stream, with its exit code at the end where that is not 0."""
    name, *arguments = shlex.split(command)
    assert name in MODULES, f"{name} is no command that a document can show"
    module = MODULES[name]
    started = [sys.executable, *(["-m", module] if module else []), *arguments]
    usual = environment_without("PYTEST", "COLUMNS")
    done = subprocess.run(
        started,
        cwd=folder,
        env=usual | {"PYTHONPATH": str(ROOT), "COLUMNS": "80", "PYTEST_ADDOPTS": EDITABLE},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    return done.stdout + (f"(exit code {done.returncode})\n" if done.returncode else "")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working folder; modules that are imported from it are forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", None)).startswith(("claims", str(tmp_path))):
            del sys.modules[name]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_runs(document, folder):
    run_document(document, folder)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document):
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", document.read_text(encoding="utf-8"))
    for link in links:
        assert (document.parent / link).exists(), link


def test_every_block_is_seen():
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        assert len(list(blocks(text))) == len(re.findall(r"^```\w", text, flags=re.MULTILINE)), document.name


def test_the_readme_has_examples():
    assert sum(block.language == "python" for block in blocks(DOCUMENTS[0].read_text(encoding="utf-8"))) >= 2


@pytest.mark.parametrize(
    "text",
    [
        "```python\nassert 1 + 1 == 3\n```\n",
        "```python\n>>> 1 + 1\n3\n```\n",
        "```python\nx = 1\n```\n\n```python\nassert x == 2\n```\n",
        "```console\n$ python -c 'print(1)'\n2\n```\n",
        "```console\n$ python -c 'raise SystemExit(3)'\n```\n",
        "```console\n$ rm -rf somewhere\n```\n",
        "<!-- file: a/b.py -->\n```python\nprint(1)\n```\n\n```console\n$ python a/b.py\n2\n```\n",
    ],
)
def test_a_document_that_is_wrong_fails(text, tmp_path):
    document = tmp_path / "wrong.md"
    document.write_text(text)
    with pytest.raises(AssertionError):
        run_document(document, tmp_path)


def test_a_document_that_is_right_passes(tmp_path):
    document = tmp_path / "right.md"
    document.write_text(
        "<!-- file: a/b.py -->\n```python\nprint('one'); print('two')\n```\n\n"
        "```console\n$ python a/b.py\n...\ntwo\n$ python -c 'raise SystemExit(3)'\n(exit code 3)\n```\n"
    )
    run_document(document, tmp_path)
