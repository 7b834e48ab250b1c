"""Everything that is on disk or on a cluster: trained networks, samples of other populations, and who trains them.

- `_ledger`: trains what has not been trained yet and remembers it (`Ledger`).
- `samples`: the same for populations that are not Experiments.
- `blocks`: trained networks as tables, one block of seeds per file.
- `files`: files that appear whole or not at all, locks, checksums; on this machine or in an object store.
- `version`: the code and arithmetic that a block depends on.
- `workers`, `cluster`: training on a Dask cluster.
"""

from __future__ import annotations

from lrn.ledger._ledger import BLOCK, Ledger
from lrn.ledger.files import LedgerWarning

__all__ = ["BLOCK", "Ledger", "LedgerWarning"]
