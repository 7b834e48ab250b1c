"""The documentation site: its generated pages, and that a dead link stops its build (`make docs` builds all of it)."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mkdocs", reason="mkdocs is not installed (requirements/docs.txt has it)")

ROOT = Path(__file__).parents[2]
HOOKS = ROOT / "docs" / "site_hooks.py"


@pytest.fixture(scope="module")
def hooks():
    return runpy.run_path(str(HOOKS))


def test_the_page_of_commands_has_each_commands_help(hooks):
    from lrn.cli import parser

    page = hooks["commands"]()
    assert "--depths" in page
    for name in parser()._subparsers._group_actions[0].choices:
        assert f"\n## lrn {name}\n" in page


def test_the_page_of_pytest_options_has_each_option_and_setting(hooks):
    page = hooks["pytest_options"]()
    assert "| `--max-seeds N` |" in page
    assert "| `lrn_quantities` |" in page


def test_every_page_of_the_documentation_is_in_the_navigation():
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    for page in (ROOT / "docs").glob("*.md"):
        assert f"docs/{page.name}" in navigation


def test_the_notebook_becomes_a_page_with_its_pictures(hooks):
    made = dict(hooks["_notebook"](ROOT / "docs" / "story.ipynb"))
    assert made["docs/story-1.png"].startswith(b"\x89PNG")
    assert "](story-1.png)" in made["docs/story.md"]


@pytest.mark.slow
@pytest.mark.parametrize(("text", "end"), [("[dead](nowhere.md)", 1), ("[alive](style.md)", 0)])
def test_a_dead_link_stops_the_build(text, end, tmp_path):
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "index.md").write_text(text)
    (tmp_path / "pages" / "style.md").write_text("# Style")
    settings = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:")[0]
    settings = re.sub(r"^(docs_dir|watch|hooks|  - docs/site_).*\n?", "", settings, flags=re.MULTILINE)
    (tmp_path / "mkdocs.yml").write_text(f"{settings}\ndocs_dir: pages\n".replace("docs/site_", f"{ROOT}/docs/site_"))
    command = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == end
