"""`lrn completion`: a script that lets a shell complete `lrn`."""

from __future__ import annotations

import argparse
from typing import Any

from lrn.cli._options import Formatter

__all__ = ["add", "main"]

EPILOG = """\
examples:
  lrn completion bash > ~/.local/share/bash-completion/completions/lrn
  lrn completion zsh > ~/.zfunc/_lrn            (with fpath+=~/.zfunc before compinit in ~/.zshrc)

It needs shtab: pip install 'lrn-claims[completion]'."""


def add(commands: Any) -> None:
    """Describes the command."""
    parser = commands.add_parser(
        "completion",
        help="print a completion script for a shell",
        description="Prints a script that lets a shell complete commands and options.",
        epilog=EPILOG,
        formatter_class=Formatter,
    )
    parser.add_argument("shell", choices=("bash", "zsh", "tcsh"), help="bash, zsh or tcsh")
    parser.set_defaults(main=main)


def main(arguments: argparse.Namespace) -> int:
    """Runs the command."""
    try:
        import shtab
    except ImportError:
        raise RuntimeError("lrn completion needs shtab: pip install 'lrn-claims[completion]'") from None
    from lrn.cli import parser

    print(shtab.complete(parser(), arguments.shell))
    return 0
