"""Runs a command on a pseudo-terminal, and keeps the lines that a person would have seen on it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

ROWS = 40
_ORDER = re.compile(r"\x1b(?:\[([0-9;?]*)([A-Za-z])|\]([^\x07]*)\x07|([78DM])|\][^\x1b]*\x1b\\)")


class Screen:
    """The contents of a terminal: the orders that pytest and lrn give, as a VT100 follows them.

    Attributes:
        wrapped: how often a line ran over the right edge.
    """

    def __init__(self, columns: int, rows: int = ROWS) -> None:
        self.columns, self.rows = columns, rows
        self.scrolled: list[str] = []  # scrolled away
        self._cells = [[" "] * columns for _ in range(rows)]
        self._row = self._column = self.wrapped = 0
        self._saved = (0, 0)

    def feed(self, text: str) -> None:
        """Shows more."""
        at = 0
        while at < len(text):
            order = _ORDER.match(text, at)
            if order:
                self._obey(order)
                at = order.end()
            else:
                self._show(text[at])
                at += 1

    @property
    def lines(self) -> list[str]:
        """All lines, including those that have scrolled away, without the empty lines at the end."""
        lines = [*self.scrolled, *("".join(row).rstrip() for row in self._cells)]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def _show(self, character: str) -> None:
        if character == "\n":
            self._down()
        elif character == "\r":
            self._column = 0
        elif character == "\b":
            self._column = max(self._column - 1, 0)
        elif character >= " ":
            if self._column == self.columns:
                self.wrapped += 1
                self._column = 0
                self._down()
            self._cells[self._row][self._column] = character
            self._column += 1

    def _down(self) -> None:
        if self._row < self.rows - 1:
            self._row += 1
            return
        self.scrolled.append("".join(self._cells.pop(0)).rstrip())
        self._cells.append([" "] * self.columns)

    def _obey(self, order: re.Match[str]) -> None:
        number, letter, _, plain = order.groups()
        many = int(number) if number and number.isdigit() else 1
        if plain == "7":
            self._saved = self._row, self._column
        elif plain == "8":
            self._row, self._column = self._saved
        elif plain == "D":
            self._down()
        elif letter == "A":
            self._row = max(self._row - many, 0)
        elif letter == "B":
            self._row = min(self._row + many, self.rows - 1)
        elif letter == "C":
            self._column = min(self._column + many, self.columns)
        elif letter in ("K", "J"):
            self._cells[self._row][self._column :] = [" "] * (self.columns - self._column)
            for row in range(self._row + 1, self.rows if letter == "J" else 0):
                self._cells[row] = [" "] * self.columns
        else:
            assert letter in ("m", None, "h", "l"), order


def run(command, columns, *, cwd, env=None, timeout=300):
    """Runs a command on a terminal; returns its exit code, its screen, and each different state on the way there."""
    main, other = pty.openpty()
    fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
    environment = {**os.environ, "TERM": "xterm", **(env or {})}
    for name in ("COLUMNS", "LINES", "CI", "BUILD_NUMBER", "NO_COLOR", "PYTEST_ADDOPTS"):
        environment.pop(name, None)
    process = subprocess.Popen(command, cwd=cwd, env=environment, stdin=other, stdout=other, stderr=other)
    os.close(other)
    screen, states, ends = Screen(columns), [], time.monotonic() + timeout
    data = b""
    while time.monotonic() < ends and select.select([main], [], [], timeout)[0]:
        try:
            more = os.read(main, 1 << 16)
        except OSError:  # the other side is closed
            break
        if not more:
            break
        data += more
        text = data.decode(errors="ignore")
        screen.feed(text)
        data = data[len(text.encode()) :]
        states.append(screen.lines)
    os.close(main)
    return process.wait(timeout=60), screen, states
