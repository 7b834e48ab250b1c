"""The command `lrn`: its parser, and how errors end."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from lrn import __version__
from lrn.cli import _check, _claims, _comment, _completion, _dead, _explain, _init, _plan, _report, _run, _show
from lrn.cli._interrupt import check_interrupt, watched
from lrn.cli._options import Formatter, Parser
from lrn.verdicts.text import plain_text

__all__ = ["main", "parser"]

BAD_INPUT, INTERNAL, INTERRUPTED = 2, 70, 130

DESCRIPTION = """\
Checks what a paper claims, by as many trainings as it takes. For your own paper: init, check, plan.
For the thesis on late residual networks: run, show. For both: claims, explain, report,
comment. For any network: dead."""

EPILOG = """\
examples:
  lrn init                                                   a folder of claims of your own
  lrn check population claims/trainings.py::regression       does the seed decide everything?
  lrn plan --rates 0.9 0.6                                   how many seeds will it take?
  lrn run --width 2 --depths 2 5 10 --lr 0.01 --optimizers Adam SGD --epochs 3000
  lrn show --depth 10 --connection late --seed 17 --out network.svg
  lrn claims --verdict REFUTED
  lrn explain C3
  lrn comment main.json reports/verdicts.json                for a pull request
  lrn dead model.pt data.npy

exit codes:
  0    done
  1    done, and it found something (lrn dead: dead units; lrn check: a broken population;
       lrn comment: a verdict that changed)
  2    bad input, said in one sentence
  70   an error of lrn's own
  130  interrupted

To check every claim: pytest claims/ -n auto"""


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    top = Parser(prog="lrn", description=DESCRIPTION, epilog=EPILOG, formatter_class=Formatter)
    top.set_defaults(apart=False)
    top.add_argument("--version", action="version", version=f"lrn {__version__}")
    top.add_argument("--traceback", action="store_true", help="show where an error comes from")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    for command in (_init, _check, _plan, _run, _show, _claims, _explain, _report, _comment, _dead):
        command.add(commands)
    _completion.add(commands, top)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Args:
        arguments: what follows the command's name; None for those of this process.

    Returns:
        The exit code. (argparse itself exits, by SystemExit, after `--help` and for unknown options.)
    """
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115  until the process ends
    if sys.stdout is None:
        return _stop("standard output is closed; give it somewhere to go, such as > /dev/null", BAD_INPUT)
    _write_any_character()
    top = parser()
    options = top.parse_args(arguments)
    if options.command is None:
        top.print_help()
        return 0
    if not options.apart:
        return _performed(options)
    from lrn.cli._apart import apart

    try:
        ended = apart(_performed, options)
    except KeyboardInterrupt:
        return _stop("interrupted", INTERRUPTED)
    return ended if isinstance(ended, int) else _stop(ended, BAD_INPUT)


def _performed(options: argparse.Namespace) -> int:
    """Runs a command, and returns its exit code."""
    _write_any_character()
    with _plain_warnings(), watched():
        return _guarded(lambda: options.main(options), traceback=options.traceback)


def _write_any_character() -> None:
    """A character that the output cannot encode is not a reason to stop."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")


def _guarded(command: Callable[[], int], *, traceback: bool) -> int:
    """Returns the command's exit code, or that of the exception that stopped it."""
    try:
        code = command()
        sys.stdout.flush()
        check_interrupt()
        return code
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt as stop:
        return _stop(str(stop) or "interrupted", INTERRUPTED)
    except SystemExit as end:  # by code that was loaded; its exit code could mean that all is well
        message = f"code that it ran ended it (SystemExit: {end.code}); --traceback before the command shows where"
        if traceback:
            raise RuntimeError(message) from end
        return _stop(message, BAD_INPUT)
    except (ValueError, TypeError, OSError, RuntimeError, MemoryError, ImportError) as error:
        if traceback:
            raise
        return _stop(_sentence(error), BAD_INPUT)
    except Exception as error:
        if traceback:
            raise
        kind = type(error).__name__
        return _stop(
            f"an error of its own ({kind}: {_sentence(error)}); --traceback before the command shows where", 70
        )


def _stop(message: str, code: int) -> int:
    sys.stderr.write(f"lrn: {plain_text(message)}\n")
    return code


def _sentence(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return str(error).strip().split("\n")[0] or type(error).__name__


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """Warnings as one line each, without the place in the source."""

    def show(message: Warning | str, *_: object, **__: object) -> None:
        sys.stderr.write(f"lrn: {plain_text(str(message))}\n")

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield
