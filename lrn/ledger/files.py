"""Blocks of seeds as files of Parquet: written whole or not at all, and read only if they are sound.

The ledger (`lrn.ledger`) and the samples of other populations (`lrn.ledger.samples`) share it. They lie in a folder
of this machine or, where the ledger's name has a scheme (`s3://bucket/ledger`), in any file system that fsspec knows.

There, nobody locks: two processes may train the same block and both write it, which costs time and changes nothing, as
a block is the same whoever trains it. Object stores show what was written whole or not at all, as a local folder does;
elsewhere a torn file is found by its checksums and set aside.
"""

from __future__ import annotations

import io
import os
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["LedgerWarning", "decode", "encode", "first_line", "folder", "lock", "read_block", "replace", "set_aside"]

CHECKSUM = b"lrn.crc32"
"""Key of a file's metadata."""
_T = TypeVar("_T")


class LedgerWarning(UserWarning):
    """A file of the ledger could not be used and was set aside."""


def folder(path: str | os.PathLike[str]) -> Path:
    """The folder of that name, which need not be there.

    Args:
        path: of this machine, or with a scheme, such as `s3://bucket/ledger`: what is returned then behaves like a
            Path and is none (a UPath).

    Raises:
        ValueError: `path` is "", or there is no such file system.
        ImportError: what reads it is not installed.
        NotADirectoryError: it is a file.
        OSError: it cannot be reached.
    """
    if not isinstance(path, (str, os.PathLike)):
        return path
    if path == "":
        raise ValueError("the ledger must be a folder, or None for none; got ''")
    found = _remote(path) if isinstance(path, str) and "://" in path else Path(path)
    if found.exists() and not found.is_dir():
        raise NotADirectoryError(f"the ledger must be a folder; {found} is a file")
    return found


def _remote(name: str) -> Path:
    try:
        from upath import UPath
    except ImportError:
        raise ImportError(f"the ledger {name} needs universal-pathlib: pip install 'lrn-claims[remote]'") from None
    try:
        # What others have written since must be seen.
        found = UPath(name, use_listings_cache=False)
        found.fs  # noqa: B018  the file system's package is imported here
    except ValueError as error:
        raise ValueError(f"the ledger must be a folder, or lie where fsspec can write; got {name} ({error})") from None
    except ImportError as error:
        raise ImportError(f"the ledger {name} cannot be opened: {error}") from None
    return cast(Path, found)


def lock(place: Path, name: str, timeout: float = -1) -> AbstractContextManager[Any]:
    """Holds the lock of that name in a folder, which is made when needed; elsewhere than on this machine there is none.

    Args:
        place: the folder.
        name: the lock's file.
        timeout: seconds to wait for it; -1 for as long as it takes.

    Raises:
        OSError: the folder cannot be written to.
        filelock.Timeout: another process still holds it.
    """
    from filelock import FileLock

    with _writing(place):
        place.mkdir(parents=True, exist_ok=True)
        return FileLock(place / name).acquire(timeout=timeout) if isinstance(place, Path) else nullcontext()


def encode(table: pa.Table) -> bytes:
    """A table as a file, with checksums."""
    import pyarrow.parquet as pq

    told = table.replace_schema_metadata({**(table.schema.metadata or {}), CHECKSUM: _checksum(table)})
    written = io.BytesIO()
    pq.write_table(told, written, write_page_checksum=True)
    return written.getvalue()


def decode(data: bytes, parse: Callable[[pa.Table], _T]) -> _T:
    """What `parse` makes of the table that `encode` wrote.

    Args:
        data: the file.
        parse: raises ValueError or KeyError for a table that it cannot use.

    Raises:
        ValueError, KeyError, OSError, pyarrow.ArrowException: it is damaged, or of no use.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    # Blocks are small: threads would cost more than they save.
    table = pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True).read(use_threads=False)
    if (table.schema.metadata or {}).get(CHECKSUM) != _checksum(table):
        raise ValueError("its checksum differs")
    return parse(table)


def read_block(path: Path, parse: Callable[[pa.Table], _T]) -> _T | None:
    """What `parse` makes of a table; None where there is no file, or after setting one aside that is not sound.

    Args:
        path: the file.
        parse: as in `decode`.

    Raises:
        OSError: the file cannot be reached, which says nothing about it.
    """
    import pyarrow as pa

    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        if not isinstance(path, Path):
            raise
        set_aside(path, f"no sound block ({first_line(error)})")
        return None
    try:
        return decode(data, parse)
    except (OSError, pa.ArrowException, ValueError, KeyError) as error:
        set_aside(path, f"no sound block ({first_line(error)})")
        return None


def replace(path: Path, data: bytes) -> None:
    """Lets a file that holds `data` take the place of `path` at once. Writers of a folder take turns.

    Raises:
        OSError: the folder cannot be written to.
    """
    if not isinstance(path, Path):
        path.write_bytes(data)
        return
    with _writing(path.parent), lock(path.parent, "write.lock"):
        for left in path.parent.glob(f".{path.name}.*.part"):  # by a writer that was killed
            left.unlink()
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            part.write_bytes(data)
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)


def set_aside(path: Path, why: str) -> None:
    """Gives a file another name, and warns."""
    aside = path.with_suffix(f".damaged-{os.getpid()}")
    try:
        path.replace(aside) if isinstance(path, Path) else path.rename(aside)
    except FileNotFoundError:  # another process was quicker
        return
    except OSError as error:
        told = f"it is not read, and cannot be set aside ({error.strerror or first_line(error)})"
    else:
        told = f"set aside as {aside.name} and made again when needed"
    warnings.warn(f"{path} is {why}; {told}", LedgerWarning, stacklevel=3)


def first_line(error: Exception) -> str:
    """What an error says, on one line."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def _checksum(table: pa.Table) -> bytes:
    """Of names and values. Parquet's own checksums leave out what says which values are whose."""
    import pyarrow as pa

    crc = 0
    for name, chunks in zip(table.column_names, table.itercolumns(), strict=True):
        values = chunks.combine_chunks()
        flat = values.flatten() if pa.types.is_fixed_size_list(values.type) else values
        array = np.ascontiguousarray(flat.to_numpy(zero_copy_only=False))
        crc = zlib.crc32(array.data, zlib.crc32(f"{name} {array.dtype.str} ".encode(), crc))
    return b"%08x" % crc


@contextmanager
def _writing(place: Path) -> Iterator[None]:
    """Says in one sentence that the ledger cannot be written to."""
    from filelock import Timeout

    try:
        yield
    except Timeout:
        raise
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else first_line(error)
        raise OSError(error.errno, f"the ledger cannot be written to ({why})", str(place)) from error
