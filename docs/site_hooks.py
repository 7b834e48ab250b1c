"""What MkDocs shows beside docs/site: the repository's own pages, under their own paths, and pages made from the code.

The command line's page comes from its parser, the page of pytest's options from the plugin, the story from the
notebook with the outputs that it holds.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "CONTRIBUTING.md", "docs/*.md", "benchmarks/README.md", "tests/README.md", "reports/*.md")
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Leaves a section of a page that does not exist yet out of the navigation."""
    gallery = ROOT / "docs" / "gallery.md"
    config.nav = [entry for entry in config.nav or [] if "Gallery" not in entry or gallery.exists()]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the repository's pages, the files that they link to, and the generated pages."""
    pages = list(chain.from_iterable(map(sorted, map(ROOT.glob, PAGES))))
    for path in [*pages, *_linked(pages)]:
        name = path.relative_to(ROOT).as_posix()
        files.append(File.generated(config, name, abs_src_path=str(path)))
    for name, content in (
        ("reference/commands.md", commands()),
        ("reference/pytest.md", pytest_options()),
        *_notebook(ROOT / "docs" / "story.ipynb"),
    ):
        files.append(File.generated(config, name, content=content))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Leads to the notebook's page where a page links to the notebook."""
    return markdown.replace("story.ipynb)", "story.md)")


def commands() -> str:
    """The help of every command, as the parser prints it."""
    from lrn.cli import parser

    top = parser()
    (subparsers,) = (action for action in top._actions if isinstance(action, argparse._SubParsersAction))
    lines = ["# All commands and options", "", *_help(top)]
    for name, command in subparsers.choices.items():
        lines += [f"## lrn {name}", "", *_help(command)]
    return "\n".join(lines)


def pytest_options() -> str:
    """A table of the plugin's options, and one of its settings in an ini file."""
    from lrn import plugin

    parser = pytest.Parser(_ispytest=True)
    plugin.pytest_addoption(parser)
    lead = "`pytest` takes these options wherever lrn is installed."
    lines = ["# pytest options", "", lead, "", "| option | meaning |", "|---|---|"]
    for group in parser._groups:
        for option in group.options:
            lines.append(_option(option.attrs(), option.names()))
    lines += ["", "## Settings of the ini file", "", "| setting | meaning |", "|---|---|"]
    for name, (text, *_) in sorted(parser._inidict.items()):
        lines.append(f"| `{name}` | {_cell(text)} |")
    return "\n".join(lines)


def _linked(pages: list[Path]) -> list[Path]:
    """Files of the repository that pages link to and that are not pages themselves."""
    linked = set()
    for page in pages:
        for link in LINK.findall(page.read_text(encoding="utf-8")):
            path = (page.parent / link).resolve()
            if path.is_file() and path not in pages and path.suffix != ".ipynb":
                linked.add(path)
    return sorted(linked)


def _help(parser: argparse.ArgumentParser) -> list[str]:
    return ["```text", parser.format_help().rstrip(), "```", ""]


def _option(attributes: dict[str, Any], names: list[str]) -> str:
    metavar = attributes.get("metavar")
    shown = ", ".join(f"`{name} {metavar}`" if metavar else f"`{name}`" for name in names)
    return f"| {shown} | {_cell(attributes.get('help') or '')} |"


def _cell(text: str) -> str:
    """A text as the cell of a table."""
    return " ".join(text.replace("%%", "%").split()).replace("|", "\\|").replace("<", "&lt;")


def _notebook(path: Path) -> Iterator[tuple[str, str | bytes]]:
    """The page of a notebook and the pictures in it, by their names on the site."""
    parts, pictures = [], 0
    name = path.relative_to(ROOT).with_suffix("").as_posix()
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        parts.append(source if cell["cell_type"] == "markdown" else f"```python\n{source}\n```")
        for output in cell.get("outputs", []):
            picture = output.get("data", {}).get("image/png")
            if "text" in output:
                parts.append(f"```text\n{''.join(output['text']).rstrip()}\n```")
            if picture:
                pictures += 1
                yield f"{name}-{pictures}.png", base64.b64decode(picture)
                parts.append(f"![Output]({path.stem}-{pictures}.png)")
    yield f"{name}.md", "\n\n".join(parts)
