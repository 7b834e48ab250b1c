"""Draws a population through a ledger: `python draws.py LEDGER`."""

import hashlib
import sys
from pathlib import Path

import hooks

hooks.arm()

from coins import Coin  # noqa: E402

from lrn.ledger.samples import Samples  # noqa: E402

columns = Samples(Path(sys.argv[1])).sample(Coin.label, Coin.version, Coin().sample, range(1024), block=32)
print(hashlib.sha256(b"".join(values.tobytes() for values in columns.values())).hexdigest())
