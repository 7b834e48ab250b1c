"""The command line, armed."""

import sys

import hooks

hooks.arm()

from lrn.cli import main  # noqa: E402

sys.exit(main(sys.argv[1:]))
