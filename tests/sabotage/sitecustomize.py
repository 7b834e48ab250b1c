"""Lets Python import the lrn that comes first in PYTHONPATH, where another one is installed for editing.

Such an installation has a finder of its own, which goes before every path. Python runs this file when it starts.
"""

import re
import sys
from itertools import filterfalse

LRN = re.compile(r"lrn(\.|$)")


def _finds_lrn(finder):
    return any(map(LRN.match, getattr(finder, "known_source_files", ())))


sys.meta_path[:] = filterfalse(_finds_lrn, sys.meta_path)
