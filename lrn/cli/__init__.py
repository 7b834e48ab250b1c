"""The command line: `lrn run`, `show`, `claims`, `report`, `dead`.

Each command is a module with `add(commands)`, which describes its options, and `main(arguments)`, which returns the
exit code. They load torch, pyarrow and the like when they run, so that `--help` and completion are quick.

Exit codes: 0 done; 1 done, and it found something (`lrn dead`: dead units); 2 bad input, said in one sentence; 70 an
error of lrn's own; 130 interrupted.
"""

from __future__ import annotations

from lrn.cli._main import main, parser

__all__ = ["main", "parser"]
