"""Dask's client, kept from unpickling workers' answers and from printing tracebacks of errors that are one sentence."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterator, Sequence
from functools import cache
from operator import attrgetter
from typing import Any

__all__ = ["check_scheduler", "hushed", "open_client", "payload"]


def check_scheduler(address: str, seconds: float) -> None:
    """Asks an address who it is; raises an error, of whatever kind, where no Dask scheduler answers in time."""
    from distributed.comm.addressing import get_address_host_port
    from distributed.comm.core import connect
    from distributed.core import send_recv
    from distributed.security import Security

    get_address_host_port(address)

    async def ask() -> Any:
        arguments = Security().get_connection_args("client")
        comm = await connect(address, timeout=seconds, deserialize=False, **arguments)
        try:
            return await send_recv(comm, op="identity", reply=True)
        finally:
            comm.abort()

    try:
        identity = asyncio.run(asyncio.wait_for(ask(), seconds))
    except TimeoutError as error:
        why = str(error).splitlines()[0] if str(error) else f"it says nothing for {seconds:g} s"
        raise OSError(why) from None
    if not isinstance(identity, dict) or identity.get("type") != "Scheduler":
        raise ValueError("what answers is not a Dask scheduler")


def open_client(address: str, seconds: float) -> Any:
    """A client that takes over nothing that a worker has pickled."""
    return _client_class()(address, timeout=seconds, set_as_default=False, deserializers=["msgpack"])


async def payload(client: Any, futures: Sequence[Any]) -> list[bytes]:
    """The bytes of results that are bytes; they are never made into anything else.

    Raises:
        TypeError, KeyError, ValueError: a result is something else.
        OSError: the scheduler is gone.
    """
    from distributed.core import rpc

    keys = list(map(attrgetter("key"), futures))
    async with rpc(client.scheduler.address, deserialize=False, connection_args=client.connection_args) as scheduler:
        answer = await scheduler.gather(keys=keys)
    if answer["status"] != "OK":
        raise OSError("results are lost")
    return [_bytes(answer["data"][key]) for key in keys]


def _bytes(result: Any) -> bytes:
    from distributed.protocol.compression import decompress
    from distributed.protocol.serialize import Serialized

    if isinstance(result, bytes):
        return result
    if not isinstance(result, Serialized) or result.header.get("type") != "bytes":
        raise TypeError(f"but {type(result).__name__}")
    frames = result.frames
    if result.header.get("compression"):
        frames = decompress(result.header, frames)
    return b"".join(map(bytes, frames))


@contextlib.contextmanager
def hushed() -> Iterator[None]:
    """Lets Dask log nothing: what goes wrong with it is said in one sentence, by an error."""
    import distributed  # noqa: F401  makes its loggers

    names = [name for name in logging.root.manager.loggerDict if name.split(".")[0] in ("distributed", "tornado")]
    loggers = list(map(logging.getLogger, ["distributed", "tornado", *names]))
    before = list(map(attrgetter("disabled"), loggers))
    for logger in loggers:
        logger.disabled = True
    try:
        yield
    finally:
        for logger, disabled in zip(loggers, before, strict=True):
            logger.disabled = disabled


@cache
def _client_class() -> Any:
    from distributed import Client
    from distributed.protocol.serialize import Serialized

    class BytesClient(Client):
        """Reads the messages that the scheduler passes on from workers without unpickling it.

        Attributes:
            errors: what tasks ended in, pickled, by their keys.
        """

        def __init__(self, *arguments: Any, **options: Any) -> None:
            self.errors: dict[Any, bytes] = {}
            super().__init__(*arguments, **options)

        async def _ensure_connected(self, timeout: Any = None) -> None:
            await super()._ensure_connected(timeout)
            if self.scheduler_comm is not None:
                self.scheduler_comm.comm.deserialize = False

        def _handle_key_in_memory(self, key: Any = None, type: Any = None, workers: Any = None) -> None:
            super()._handle_key_in_memory(key, None, workers)  # the result's type comes pickled

        def _handle_task_erred(self, key: Any = None, exception: Any = None, traceback: Any = None) -> None:
            state = self.futures.get(key)
            if state is not None:
                frames = exception.frames if isinstance(exception, Serialized) else [exception]
                self.errors[key] = b"".join(bytes(f) for f in frames if isinstance(f, (bytes, bytearray, memoryview)))
                state.set_error(RuntimeError("a worker failed"), None)

    return BytesClient
