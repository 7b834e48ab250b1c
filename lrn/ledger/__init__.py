"""Everything that is on disk or on a cluster: trained networks, samples of other populations, and who trains them.

- `_ledger`: trains missing seeds and stores the results (`Ledger`); `batches` says how many are trained together.
- `samples`: the same for populations that are not Experiments, one file per seed or block of seeds (`sample_files`).
- `shelf`: blocks of one thing in memory and on disk, merged into few files; `covering` says which of them to read.
- `descriptions`: the file that names the experiment behind a folder of blocks.
- `blocks`: trained networks as tables; `checks` refuses what no network can have left behind.
- `files`: files that appear whole or not at all, checksums; on this machine or in an object store; `locks`, `errors`.
- `version`: the code and arithmetic that a block depends on.
- `workers`, `cluster`: training on a Dask cluster.
"""

from __future__ import annotations

from lrn.ledger._ledger import BLOCK, Ledger
from lrn.ledger.errors import LedgerWarning

__all__ = ["BLOCK", "Ledger", "LedgerWarning"]
