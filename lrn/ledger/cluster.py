"""A Dask cluster that works through many requests: few at a time, in whatever order they are done.

It knows nothing of networks: `lrn.ledger` says what a worker does and what becomes of the answer. A worker that dies
costs what it was doing; Dask gives that to another one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Any, Self, TypeVar

__all__ = ["Cluster", "ClusterError"]

CONNECT_SECONDS = 5
PATIENCE_SECONDS = 60
"""How long a run waits for new workers after the last one is gone."""

_AHEAD = 2  # requests under way for each processor thread: one is worked on, one is there when it is done

_T = TypeVar("_T")
_Answer = TypeVar("_Answer")


class ClusterError(RuntimeError):
    """The cluster cannot be reached, or has not done what it was asked."""


class Cluster:
    """A connection to the scheduler of a Dask cluster.

    Args:
        address: the scheduler's, such as `tcp://10.0.0.1:8786`.
        patience: seconds to wait for new workers when there is none left.

    Raises:
        ImportError: dask is not installed.
        ClusterError: no scheduler answers there within 5 seconds, or it has no workers.
    """

    def __init__(self, address: str, patience: float = PATIENCE_SECONDS) -> None:
        try:
            from distributed import Client
            from distributed.comm.addressing import get_address_host_port
        except ImportError:
            raise ImportError(f"the scheduler {address} needs dask: pip install 'lrn-claims[dask]'") from None
        self.address, self._patience = address, patience
        try:
            get_address_host_port(address)  # a client with a bad address complains for long
            self._client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            why = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ClusterError(
                f"the scheduler must be the address of a Dask scheduler that answers within {CONNECT_SECONDS} s, "
                f"such as tcp://10.0.0.1:8786; got {address!r} ({why})"
            ) from None
        if not self.threads:
            self.close()
            raise ClusterError(f"the Dask cluster at {address} has no workers; start some, then run this again")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of what is under way."""
        self._client.close()

    @property
    def threads(self) -> int:
        """Processor threads of all workers that are there now. Raises ClusterError if the scheduler is gone."""
        try:
            return sum(self._client.nthreads().values())
        except OSError as error:
            raise self._gone(error) from None

    def everywhere(self, function: Callable[..., _Answer], *arguments: Any) -> dict[str, _Answer | Exception]:
        """What each worker answers, or the error it ends in, by the worker's address."""
        return dict(self._client.run(function, *arguments, on_error="return"))

    def each(self, function: Callable[[_T], _Answer], requests: Iterable[_T]) -> Iterator[tuple[_T, _Answer]]:
        """Requests and their answers, as soon as they are there.

        Args:
            function: of a module that the workers have, for it travels by name.
            requests: they travel, so they should be small.

        Raises:
            ClusterError: a request was lost with its worker several times, or there are no workers any more.
            Exception: whatever `function` raises.
        """
        waiting, arrived, running, most = iter(requests), SimpleQueue[Any](), dict[Any, _T](), 0
        try:
            while True:
                if len(running) <= most // 2:  # not one by one, as sending many takes hardly longer
                    most = _AHEAD * max(self.threads, 1)
                    chunk = list(islice(waiting, most - len(running)))
                    futures = self._client.map(function, chunk, pure=False) if chunk else []
                    running.update(zip(futures, chunk, strict=True))
                    for future in futures:
                        future.add_done_callback(arrived.put)
                if not running:
                    return
                done = self._next(arrived)
                for future, answer in zip(done, self._answers(done), strict=True):
                    yield running.pop(future), answer
        finally:
            if running:
                self._client.cancel(list(running), force=True)

    def _next(self, arrived: SimpleQueue[Any]) -> list[Any]:
        """All that is done, and at least one; waits for it as long as there is somebody to do it."""
        alone = None
        while True:
            try:
                done = [arrived.get(timeout=1)]
            except Empty:
                now = time.monotonic()
                alone = None if self.threads else now if alone is None else alone
                if alone is not None and now - alone >= self._patience:
                    raise ClusterError(
                        f"the Dask cluster at {self.address} has had no workers for {self._patience:g} s"
                    ) from None
                continue
            while not arrived.empty():
                done.append(arrived.get())
            return done

    def _answers(self, futures: list[Any]) -> list[Any]:
        from concurrent.futures import CancelledError

        from distributed import KilledWorker
        from distributed.comm.core import CommClosedError

        try:
            return list(self._client.gather(futures))
        except KilledWorker as error:
            raise ClusterError(f"workers died again and again over the same request: {error}") from None
        except (CancelledError, CommClosedError) as error:
            raise self._gone(error) from None

    def _gone(self, error: Exception) -> ClusterError:
        return ClusterError(f"the scheduler at {self.address} is gone ({type(error).__name__})")
