"""Draws a population through a ledger: `python draws.py LEDGER`."""

import hashlib
import sys
from pathlib import Path

import hooks

hooks.arm()

from coins import Coin  # noqa: E402

from lrn.ledger.samples import Samples  # noqa: E402

columns = Samples(Path(sys.argv[1])).sample(Coin.label, Coin.version, Coin().sample, range(1024), block=32)
digest = hashlib.sha256()
for values in columns.values():
    digest.update(values.tobytes())
print(digest.hexdigest())
