"""A Dask cluster that works through many requests: few at a time, in whatever order they are done.

It knows nothing of networks: `lrn.ledger` describes a worker's task and the use of its answer. A worker that dies
loses its unfinished work; Dask gives that to another one.

Answers are bytes, and are received as such. Dask's own client would unpickle whatever a worker sends, its errors too,
and unpickling runs code that the sender chooses. Here nothing of a worker's is unpickled. The scheduler is trusted:
its own messages are unpickled by Dask's client.
"""

from __future__ import annotations

import pickletools
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Any, Self, TypeVar

from lrn.ledger._dask import check_scheduler, hushed, open_client, payload

__all__ = ["Cluster", "ClusterError"]

CONNECT_SECONDS = 5
ANSWER_SECONDS = 30
"""How long a scheduler may take for a question about itself."""
PATIENCE_SECONDS = 60
"""How long a run waits for new workers after the last one is gone."""

_AHEAD = 2  # requests under way for each processor thread: one is worked on, one is there when it is done
_FETCH_SECONDS = 600  # for the bytes of some answers, over a slow network

_T = TypeVar("_T")


class ClusterError(RuntimeError):
    """The cluster cannot be reached, or has not done its task."""


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
            import distributed  # noqa: F401
        except ImportError:
            raise ImportError(f"the scheduler {address} needs dask: pip install 'lrn-claims[dask]'") from None
        self.address, self._patience = address, patience
        self._hushed = hushed()
        self._hushed.__enter__()
        try:
            check_scheduler(address, CONNECT_SECONDS)
            self._client = open_client(address, CONNECT_SECONDS)
        except Exception as error:
            self._hushed.__exit__(None, None, None)
            why = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ClusterError(
                f"the scheduler must be the address of a Dask scheduler that answers within {CONNECT_SECONDS} s, "
                f"such as tcp://10.0.0.1:8786; got {address!r} ({why})"
            ) from None
        try:
            if not self.threads:
                raise ClusterError(f"the Dask cluster at {address} has no workers; start some, then run this again")
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Cancels the open requests."""
        self._client.close(timeout=CONNECT_SECONDS)
        self._hushed.__exit__(None, None, None)

    @property
    def threads(self) -> int:
        """Processor threads of all workers that are there now. Raises ClusterError if the scheduler is gone."""
        return sum(self._workers().values())

    def everywhere(self, function: Callable[[_T], bytes], request: _T) -> dict[str, bytes | ClusterError]:
        """The answer of each worker, or the error it ends in, by the worker's address."""
        futures = {}
        for worker in self._workers():
            options = {"workers": [worker], "allow_other_workers": False, "pure": False}
            futures[worker] = self._client.submit(_answer, function, request, **options)
        end = time.monotonic() + ANSWER_SECONDS
        for worker, future in futures.items():
            while not future.done():
                if time.monotonic() > end:
                    return {worker: ClusterError(f"it does not answer within {ANSWER_SECONDS} s")}
                time.sleep(0.01)
        return {worker: self._caught(future) for worker, future in futures.items()}

    def each(self, function: Callable[[_T], bytes], requests: Iterable[_T]) -> Iterator[tuple[_T, bytes]]:
        """Requests and their answers, as soon as they are there.

        Args:
            function: of a module that the workers have, for it travels by name.
            requests: they travel, so they should be small.

        Raises:
            ClusterError: `function` failed, a request was lost with its worker several times, or there are no workers
                any more.
        """
        waiting, arrived, running, most = iter(requests), SimpleQueue[Any](), dict[Any, _T](), 0
        try:
            while True:
                if len(running) <= most // 2:  # not one by one, as sending many takes hardly longer
                    most = _AHEAD * max(self.threads, 1)
                    chunk = list(islice(waiting, most - len(running)))
                    calls = [[function] * len(chunk), chunk]
                    futures = self._client.map(_answer, *calls, pure=False) if chunk else []
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

    def _workers(self) -> dict[str, int]:
        """Processor threads by the worker's address."""
        try:
            return dict(self._client.sync(self._client.scheduler.ncores, callback_timeout=ANSWER_SECONDS))
        except (OSError, TimeoutError) as error:
            raise self._unreachable(error) from None

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

    def _answers(self, futures: list[Any]) -> list[bytes]:
        """The bytes that workers answered. Raises ClusterError for any that is something else."""
        for future in futures:
            if future.status == "error":
                error = self._client.errors.get(future.key, b"")
                raise ClusterError(f"{_COULD_NOT}{_error_text(error)}")
            if future.status != "finished":
                raise ClusterError(f"the scheduler at {self.address} is gone (a request is {future.status})")
        try:
            answers = self._client.sync(payload, self._client, futures, callback_timeout=_FETCH_SECONDS)
        except (OSError, TimeoutError) as error:
            raise self._unreachable(error) from None
        except (TypeError, KeyError, ValueError) as error:
            raise ClusterError(f"a worker's answer is not bytes ({error})") from None
        results = []
        for answer in answers:
            if answer[:1] != _DONE:
                raise ClusterError(f"{_COULD_NOT}{_text(answer[1:])}")
            results.append(answer[1:])
        return results

    def _caught(self, future: Any) -> bytes | ClusterError:
        try:
            return self._answers([future])[0]
        except ClusterError as error:
            return ClusterError(str(error).removeprefix(_COULD_NOT))

    def _unreachable(self, error: Exception) -> ClusterError:
        return ClusterError(f"the scheduler at {self.address} is gone ({type(error).__name__})")


_DONE, _FAILED = b"+", b"-"
_COULD_NOT = "a worker could not do what it was asked: "


def _answer(function: Callable[[Any], bytes], request: Any) -> bytes:
    """On a worker: the function's result, or its error's message, as bytes."""
    try:
        return _DONE + function(request)
    except Exception as error:
        return _FAILED + f"{type(error).__name__}: {error}".encode(errors="replace")


def _error_text(data: bytes) -> str:
    """What Dask's own error says. It is pickled, by a worker perhaps: its texts are looked at, and nothing is made."""
    try:
        texts = [value for _, value, _ in pickletools.genops(data) if isinstance(value, str) and "/" not in value]
    except Exception:  # of whatever kind: these bytes are anyone's
        texts = []
    return _text(
        max(texts, key=lambda text: (" " in text, len(text)), default="it died over it again and again").encode()
    )


def _text(data: bytes) -> str:
    """One line of another's text."""
    line = " ".join(data[:1000].decode(errors="replace").split())
    return "".join(map(_printable, line))[:300]


def _printable(character: str) -> str:
    return character if character.isprintable() else "?"
