"""Options that commands share: how they are spelled, read and refused."""

from __future__ import annotations

import argparse
import dataclasses
import difflib
import os
import re
import shutil
from collections.abc import Callable, Iterable
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from lrn.ledger import Ledger

__all__ = ["Formatter", "Parser", "add_fields", "add_training", "fields_of", "fraction", "ledger_of", "target", "whole"]

HELP = {
    "width": "neurons of each hidden layer",
    "depth": "number of hidden layers",
    "connection": "how layers are wired: {allowed}",
    "optimizer": "{allowed}",
    "lr": "learning rate",
    "style": "all samples in each epoch's step (batch), or one in turn (iterative)",
    "epochs": "training steps",
    "activation": "{allowed}",
    "dtype": "what the training computes in: {allowed}",
    "initial": "how weights start: {allowed}",
    "norm": "normalisation before every activation: {allowed}",
    "target_scale": "learn X times the target, nothing standardised",
}


class Parser(argparse.ArgumentParser):
    """A parser that refuses in one sentence."""

    def error(self, message: str) -> NoReturn:
        """Ends the process with exit code 2."""
        match = re.fullmatch(r"unrecognized arguments: (-\S+).*", message)
        commands = [a for a in self._actions if isinstance(a, argparse._SubParsersAction)]
        names = list(chain.from_iterable(map(attrgetter("choices"), commands)))
        command = re.match(r"argument COMMAND: invalid choice: '?([^' ]*)'?", message)
        if match is not None:
            message += suggestion(match[1].partition("=")[0], self._known_options(commands))
        elif command is not None:
            near = suggestion(command[1], names) or f"; COMMAND must be one of {', '.join(names)}"
            message = f"there is no command {command[1]!r}{near}"
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")

    def _get_value(self, action: argparse.Action, text: str) -> Any:
        """What an argument says; no file, folder, name or number is called ""."""
        if text == "" and not isinstance(action, argparse._SubParsersAction):  # which takes all of a command's, too
            raise argparse.ArgumentError(action, "must not be empty")
        return super()._get_value(action, text)

    def _known_options(self, commands: Iterable[argparse._SubParsersAction[Any]]) -> set[str]:
        """The options of this parser and of its commands."""
        actions = list(self._actions)
        for command in commands:
            actions += chain.from_iterable(map(attrgetter("_actions"), command.choices.values()))
        return set(chain.from_iterable(map(attrgetter("option_strings"), actions)))


def suggestion(text: str, known: Iterable[str]) -> str:
    """The end of a sentence that suggests the nearest of these; "" where none is near."""
    near = difflib.get_close_matches(text, sorted(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


class Formatter(argparse.RawDescriptionHelpFormatter):
    """Help whose examples stay as they are written."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30, width=min(shutil.get_terminal_size().columns, 100))


def add_fields(parser: argparse.ArgumentParser, several: dict[str, tuple[Any, ...]] | None = None) -> None:
    """Adds an option for each field of an Experiment.

    Args:
        parser: to what.
        several: the fields that take several values, in the singular or the plural, and their defaults; all other
            fields take one value.
    """
    from lrn.experiment import CHOICES, Experiment

    several = several or {}
    group = parser.add_argument_group("what is trained (names in any case)")
    for field in dataclasses.fields(Experiment):
        allowed = CHOICES.get(field.name, ())
        read = _name(allowed) if allowed else _reader(field.default)
        text = HELP.get(field.name, "{allowed}").format(allowed=", ".join(allowed))
        name = field.name.replace("_", "-")
        options: dict[str, Any] = {"dest": f"field_{field.name}", "type": read, "metavar": _metavar(field.default)}
        if field.name in several:
            shown = " ".join(map(str, several[field.name]))
            plural = name if name.endswith("s") else f"{name}s"
            group.add_argument(
                f"--{name}", f"--{plural}", nargs="+", action="extend", help=f"{text} ({shown})", **options
            )
        else:
            shown = "" if field.default is None else f" ({field.default})"
            group.add_argument(f"--{name}", default=field.default, help=f"{text}{shown}", **options)


def fields_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """The value of each field's option; None where one that takes several was not given."""
    return {name.removeprefix("field_"): value for name, value in vars(arguments).items() if name.startswith("field_")}


def add_training(parser: argparse.ArgumentParser) -> Any:
    """Adds the options that say what trains; returns their group."""
    group = parser.add_argument_group("how it is trained")
    group.add_argument("--engine", default="auto", metavar="NAME", help="auto, native, cuda or reference (auto)")
    group.add_argument("--device", default="cpu", metavar="NAME", help="cpu, cuda, or any torch device (cpu)")
    group.add_argument("--threads", type=whole(1), metavar="N", help="processor threads (as many as there are)")
    return group


def ledger_of(arguments: argparse.Namespace) -> Ledger:
    """The ledger that the options name. Raises ValueError, ImportError, RuntimeError or OSError as `Ledger` does."""
    from lrn.ledger import Ledger

    return Ledger(
        arguments.ledger,
        engine=arguments.engine,
        device=arguments.device,
        threads=arguments.threads,
        scheduler=arguments.scheduler,
    )


def whole(least: int = 0, most: int | None = None) -> Callable[[str], int]:
    """Reads a whole number within bounds."""
    allowed = f"a whole number of at least {least}" if most is None else f"a whole number from {least} to {most}"

    def read(text: str) -> int:
        try:
            value = int(text.replace("_", "").replace(",", ""))
        except ValueError:
            value = least - 1
        if value < least or (most is not None and value > most):
            raise argparse.ArgumentTypeError(f"must be {allowed}; got {text!r}")
        return value

    return read


def fraction(text: str) -> float:
    """Reads a number strictly between 0 and 1."""
    value = _number(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"must be a number strictly between 0 and 1; got {text!r}")
    return value


def target(text: str) -> str:
    """Reads the name of a file to write, before any work is done for it; "-" is standard output."""
    folder = os.path.dirname(text) or "."
    if text != "-" and (not text or os.path.isdir(text) or not os.path.isdir(folder)):
        raise argparse.ArgumentTypeError(f"must be a file in a folder that exists; got {text!r}")
    return text


def _reader(default: Any) -> Callable[[str], Any]:
    return _integer if isinstance(default, int) else _number


def _metavar(default: Any) -> str:
    return "NAME" if isinstance(default, str) else "N" if isinstance(default, int) else "X"


def _integer(text: str) -> int:
    try:
        return int(text.replace("_", "").replace(",", ""))
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a whole number; got {text!r}") from None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a number; got {text!r}") from None


def _name(allowed: Iterable[str]) -> Callable[[str], str]:
    """Reads one of these names, whatever its case and its hyphens: "LeakyReLU" is "leaky_relu"."""
    names = {_plain(name): name for name in allowed}

    def read(text: str) -> str:
        if _plain(text) not in names:
            near = suggestion(_plain(text), names)
            raise argparse.ArgumentTypeError(f"must be one of {', '.join(names.values())}; got {text!r}{near}")
        return names[_plain(text)]

    return read


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")
