"""Blocks of seeds as files of Parquet: written whole or not at all, and read only if they are sound.

What the ledger (`lrn.ledger`) and the samples of other populations (`lrn.samples`) share.
"""

from __future__ import annotations

import os
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["LedgerWarning", "first_line", "lock", "read_block", "replace", "set_aside", "write_block"]

CHECKSUM = b"lrn.crc32"
"""Key of a file's metadata; a file of an older version has none."""

_T = TypeVar("_T")


class LedgerWarning(UserWarning):
    """A file of the ledger could not be used and was set aside."""


def lock(place: Path, name: str, timeout: float = -1) -> AbstractContextManager[Any]:
    """Holds the lock of that name in a folder, which is made when needed.

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
        return FileLock(place / name).acquire(timeout=timeout)


def write_block(path: Path, table: pa.Table) -> None:
    """Writes a table, with checksums; whoever calls it holds the lock of that block.

    Raises:
        OSError: the folder cannot be written to.
    """
    import pyarrow.parquet as pq

    for left in path.parent.glob(f".{path.name}.*.part"):  # by a writer that was killed
        left.unlink(missing_ok=True)
    told = table.replace_schema_metadata({**(table.schema.metadata or {}), CHECKSUM: _checksum(table)})
    replace(path, lambda part: pq.write_table(told, part, write_page_checksum=True))


def read_block(path: Path, parse: Callable[[pa.Table], _T]) -> _T | None:
    """What `parse` makes of a table; None where there is no file, or after setting one aside that is not sound.

    Args:
        path: the file.
        parse: raises ValueError or KeyError for a table that it cannot use.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with path.open("rb") as file:
            # Blocks are small: threads would cost more than they save.
            table = pq.ParquetFile(file, page_checksum_verification=True).read(use_threads=False)
        if (table.schema.metadata or {}).get(CHECKSUM) not in (None, _checksum(table)):
            raise ValueError("its checksum differs")
        return parse(table)
    except FileNotFoundError:
        return None
    except (OSError, pa.ArrowException, ValueError, KeyError) as error:
        set_aside(path, f"no sound block ({first_line(error)})")
        return None


def replace(path: Path, write: Callable[[Path], object]) -> None:
    """Lets `write` make a file, which then takes the place of `path` at once. Raises OSError where that cannot be."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with _writing(path.parent):
        try:
            write(part)
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)


def set_aside(path: Path, why: str) -> None:
    """Gives a file another name, and warns."""
    aside = path.with_suffix(f".damaged-{os.getpid()}")
    try:
        os.replace(path, aside)
    except FileNotFoundError:  # another process was quicker
        return
    except OSError as error:
        told = f"it is not read, and cannot be set aside ({error.strerror})"
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
