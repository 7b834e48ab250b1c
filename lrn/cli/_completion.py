"""`lrn completion`: a script that lets a shell complete `lrn`."""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any

from lrn.cli._options import Formatter

__all__ = ["add", "main"]

EPILOG = """\
examples:
  lrn completion bash > ~/.local/share/bash-completion/completions/lrn
  lrn completion zsh > ~/.zfunc/_lrn            (with fpath+=~/.zfunc before compinit in ~/.zshrc)

It needs shtab: pip install 'lrn-claims[completion]'."""


def add(commands: Any, whole: argparse.ArgumentParser) -> None:
    """Describes the command; `whole` is the parser that a shell is to complete."""
    parser = commands.add_parser(
        "completion",
        help="print a completion script for a shell",
        description="Prints a script that lets a shell complete commands and options.",
        epilog=EPILOG,
        formatter_class=Formatter,
    )
    parser.add_argument("shell", choices=("bash", "zsh", "tcsh"), help="bash, zsh or tcsh")
    parser.set_defaults(main=partial(main, whole))


def main(whole: argparse.ArgumentParser, arguments: argparse.Namespace) -> int:
    """Runs the command."""
    try:
        import shtab
    except ImportError:
        raise RuntimeError("lrn completion needs shtab: pip install 'lrn-claims[completion]'") from None
    print(shtab.complete(whole, arguments.shell))
    return 0
