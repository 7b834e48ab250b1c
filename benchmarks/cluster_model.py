"""How long a cluster of any size takes, from measurements on a small one; and the tables of docs/scaling.md."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import starmap
from statistics import mean
from typing import Any

__all__ = ["Model", "tables"]

LINK = 10e9 / 8
"""Bytes a second into the client's machine: an assumption (10 Gbit/s Ethernet), the only one."""

CORES = (2, 16, 100, 300, 1000, 3000, 10_000)
NETWORKS = 10**9


@dataclass(frozen=True)
class Model:
    """Seconds of processor time; workers, scheduler, client and network work at the same time, so the slowest counts.

    Attributes:
        network: a worker's, to train one network.
        block: networks of a request.
        worker: a worker's for a request beside training.
        scheduler: the scheduler's for a request; it has one thread.
        client: the client's for a request, to receive and write it; in effect it has one thread.
        read: the client's to read a block again, once all is trained.
        size: bytes of a network.
    """

    network: float
    block: int
    worker: float
    scheduler: float
    client: float
    read: float
    size: float

    def seconds(self, networks: float, cores: float) -> dict[str, float]:
        """How long each part is busy for."""
        requests = networks / self.block
        return {
            "workers": (networks * self.network + requests * self.worker) / cores,
            "scheduler": requests * self.scheduler,
            "client": requests * self.client,
            "network": networks * self.size / LINK,
        }

    def total(self, networks: float, cores: float) -> float:
        """Seconds from beginning to end."""
        return max(self.seconds(networks, cores).values()) + networks / self.block * self.read

    def most_cores(self, part: str) -> float:
        """From how many cores on this part, and no longer the workers, says how long it takes."""
        seconds = self.seconds(NETWORKS, 1)
        return seconds["workers"] / seconds[part]


def of(results: dict[str, Any]) -> Model:
    """The model of a grid such as the thesis's, whose depths are equally many."""
    files, messages, block = results["files"], results["messages"], results["block"]
    size = mean(results["sizes"].values())
    # A request's cost and that of its bytes: from many small ones and few large ones.
    scale = size * block / (files["bytes"] / files["requests"])
    cost = {}
    for process in ("scheduler", "client"):
        small, large = messages[process] / messages["requests"], files[process] / files["requests"]
        cost[process] = small + max(0.0, large - small) * scale
    return Model(
        network=mean(results["milliseconds"].values()) / 1e3,
        block=block,
        worker=messages["workers"] / messages["requests"],
        scheduler=cost["scheduler"],
        client=cost["client"],
        read=files["read"] / files["requests"] * scale,
        size=size,
    )


def tables(results: dict[str, Any]) -> str:
    """Everything measured and derived, as Markdown."""
    model, machine = of(results), results["machine"]
    others = results["others"]
    head = (
        f"{machine['processor']}, {machine['cores']} cores; Python {machine['python']}, lrn {machine['lrn']}; "
        f"{machine['date']}. Other processes used {others:.0%} of the processors meanwhile."
    )
    return "\n\n".join([head, _measured(results), _costs(results, model), _grown(model), _limits(model)])


def _measured(results: dict[str, Any]) -> str:
    local, rows = results["local"], []
    for name, key in (("no cluster, 1 thread", "local"), ("1 worker", "workers 1"), ("2 workers", "workers 2")):
        row = results[key]
        beside = (row["client"] + row["scheduler"]) / row["networks"] * 1e6 if key != "local" else 0
        rows.append(
            [
                name,
                f"{row['wall']:.1f}",
                f"{row['networks'] / row['wall']:,.0f}",
                f"{row.get('workers', row['client']) / row['networks'] * 1e3:.3f}",
                f"{beside:.1f}",
                f"{local['wall'] / row['wall']:.2f} ×",
            ]
        )
    head = ["", "seconds", "networks per second", "ms of training a network", "µs of scheduler and client", "faster"]
    title = f"**On this machine**, {results['local']['networks']:,} networks ({results['experiment']}):"
    return f"{title}\n\n{_table(head, rows)}"


def _costs(results: dict[str, Any], m: Model) -> str:
    files = results["files"]
    rows = [
        ["a worker trains a network", f"{m.network * 1e3:.3f} ms"],
        ["a worker, for a request beside that", f"{m.worker * 1e3:.2f} ms"],
        ["the scheduler, for a request", f"{m.scheduler * 1e3:.2f} ms"],
        ["the client, to receive and write a block", f"{m.client * 1e3:.2f} ms"],
        ["the client, to read a block again", f"{m.read * 1e3:.2f} ms"],
        ["a network in its file", f"{m.size:.0f} bytes"],
    ]
    caption = (
        f"**What the model is made of**: processor time of each process over {results['messages']['requests']:,} "
        f"requests of one network and {files['requests']} of {m.block:,}; a network of the mean of the thesis's depths "
        f"({', '.join(starmap('{}: {:.0f}'.format, results['sizes'].items()))} bytes):"
    )
    return f"{caption}\n\n{_table(['', 'measured'], rows)}"


def _grown(m: Model) -> str:
    rows = []
    for cores in CORES:
        seconds = m.seconds(NETWORKS, cores)
        slowest = max(seconds, key=lambda part: seconds[part])
        total = m.total(NETWORKS, cores)
        ideal = seconds["workers"]
        rows.append(
            [f"{cores:,}", _time(ideal), _time(max(seconds.values())), slowest, _time(total), f"{ideal / total:.0%}"]
        )
    head = ["cores", "training alone", "training and what it waits for", "the slowest part", "and reading it all", "of the cores used"]  # fmt: skip # noqa: E501
    return f"**On paper**, {NETWORKS:,} networks of the thesis's grid, blocks of {m.block:,}:\n\n{_table(head, rows)}"


def _limits(m: Model) -> str:
    rows = [[part, f"{m.most_cores(part):,.0f}"] for part in ("client", "scheduler", "network")]
    return f"**Where each part becomes the slowest**:\n\n{_table(['', 'cores'], rows)}"


def _time(seconds: float) -> str:
    for unit, length in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 1.5 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.1f} s"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = list(map("| {} |".format, map(" | ".join, (head, *rows))))
    return "\n".join([lines[0], "|" + "---|" + "---:|" * (len(head) - 1), *lines[1:]])
