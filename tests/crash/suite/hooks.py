"""Hooks for a process under test: it notes each block that it trains or keeps, and kills itself at a chosen event.

Suites and scripts under test import a copy of this file and call `arm`. The environment says what happens:

    CRASH_LOG   file that gets a line for each block: what happened ("trains" or "keeps"), which block, pid, worker;
                and one each time a ledger has written what waited ("wrote", -, pid, worker)
    CRASH_AT    JSON: {"event": "train" | "torn" | "whole" | "kept", "file": how its name ends, "n": the how-manieth,
                "share": how much of the file or of 5 ms, "who": "worker" | "main" | "any"}; the first process to come
                to that event dies, and no other
    CRASH_MARK  file that says that this has happened
"""

import json
import os
import signal
import threading
from pathlib import Path

BLOCK = 64


def arm():
    """Patches the ledger of this process; blocks become small."""
    import lrn.ledger
    import lrn.ledger.samples

    lrn.ledger._ledger.BLOCK = BLOCK
    lrn.ledger._ledger.SEGMENT_BYTES = 2 * BLOCK * 110  # two blocks of one file each, once they are joined
    at = json.loads(os.environ.get("CRASH_AT", "{}"))
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if at.get("who", "any") not in ("any", "worker" if worker else "main"):
        at = {}
    events = dict.fromkeys(("train", "torn", "whole", "kept"), 0)

    def due(event, path):
        """Whether this process is the one to die now."""
        if at.get("event") != event or not path.endswith(at["file"]):
            return False
        events[event] += 1
        return events[event] >= at["n"] and first()

    def note(what, path):
        with open(os.environ["CRASH_LOG"], "a") as log:
            log.write(f"{what} {path} {os.getpid()} {worker or 'main'}\n")

    def trains(path):
        note("trains", path)
        if due("train", path):
            threading.Timer(0.005 * at["share"], die).start()

    replace, train, block_of = os.replace, lrn.ledger.Ledger._train, lrn.ledger.samples._block
    write = lrn.ledger.Ledger.write

    def replacing(part, path):
        name = "/".join(Path(path).parts[-2:])
        if due("torn", name):
            os.truncate(part, int(os.path.getsize(part) * at["share"]))
            die()
        if due("whole", name):
            die()
        replace(part, path)
        if name.endswith(".parquet"):
            note("keeps", name)
        if due("kept", name):
            die()

    def training(ledger, experiment, seeds, trace):
        trains(f"{experiment.key}/{seeds.start}-{seeds.stop}{'-trace' * trace}.parquet")
        return train(ledger, experiment, seeds, trace)

    def writing(ledger):
        write(ledger)
        note("wrote", "-")

    def sharing(shelf, draw, block):
        def drawing(seeds):
            trains(f"{shelf.folder.name}/{seeds.start}-{seeds.stop}.parquet")
            return draw(seeds)

        return block_of(shelf, drawing, block)

    os.replace, lrn.ledger.Ledger._train, lrn.ledger.samples._block = replacing, training, sharing
    lrn.ledger.Ledger.write = writing


def first():
    """Whether no process was killed before."""
    try:
        os.close(os.open(os.environ["CRASH_MARK"], os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


def die():
    os.kill(os.getpid(), signal.SIGKILL)
