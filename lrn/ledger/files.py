"""Blocks of seeds as files of Parquet: written whole or not at all, and read only if they are sound.

The ledger (`lrn.ledger`) and the samples of other populations (`lrn.ledger.samples`) share it. They lie in a folder
of this machine or, where the ledger's name has a scheme (`s3://bucket/ledger`), in any file system that fsspec knows.

Such a file system has no locks. Two processes may train and write the same block, which costs time but changes nothing,
because a block has the same content whoever trains it. Object stores show a file completely or not at all, as a local
folder does. In other file systems, checksums reveal a torn file, and it is set aside.
"""

from __future__ import annotations

import contextlib
import errno
import io
import itertools
import json
import os
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

from lrn.files import read_regular, read_text, replace_file
from lrn.ledger.errors import LedgerWarning, first_line, writing
from lrn.ledger.locks import lock

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

__all__ = [
    "LedgerWarning",
    "decode",
    "encode",
    "folder",
    "note_in",
    "read_block",
    "read_note",
    "replace",
    "set_aside",
]

CHECKSUM = b"lrn.crc32"
"""Key of a file's metadata."""
MOST_BYTES = 1 << 30
"""The longest file that is read."""
MOST_NOTE = 1 << 24
"""The longest file of JSON that is read."""
MOST_INFLATED = 64
"""How many times its length a file may take in memory."""
PASSING = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EINTR, errno.ESTALE, errno.ETIMEDOUT)
"""Errors that say nothing about a file: the process has too many open, or the network is slow."""
_T = TypeVar("_T")


def folder(path: str | os.PathLike[str]) -> Path:
    """The folder of that name, which need not be there.

    Args:
        path: of this machine, or with a scheme, such as `s3://bucket/ledger`: the result then behaves like a
            Path but is not one (a UPath).

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
    opened = _remote(path) if isinstance(path, str) and "://" in path else Path(path)
    if opened.exists() and not opened.is_dir():
        raise NotADirectoryError(f"the ledger must be a folder; {opened} is a file")
    return opened


def _remote(name: str) -> Path:
    try:
        from upath import UPath
    except ImportError:
        raise ImportError(f"the ledger {name} needs universal-pathlib: pip install 'lrn-claims[remote]'") from None
    try:
        # What others have written since must be seen.
        opened = UPath(name, use_listings_cache=False)
        opened.fs  # noqa: B018  the file system's package is imported here
    except ValueError as error:
        raise ValueError(f"the ledger must be a folder, or lie where fsspec can write; got {name} ({error})") from None
    except ImportError as error:
        raise ImportError(f"the ledger {name} cannot be opened: {error}") from None
    local = opened.protocol in ("file", "local")  # this machine's, with its locks
    return Path(opened.path) if local else cast(Path, opened)


def encode(table: pa.Table) -> bytes:
    """A table as a file, with checksums."""
    import pyarrow.parquet as pq

    checked = table.replace_schema_metadata({**(table.schema.metadata or {}), CHECKSUM: _checksum(table)})
    written = io.BytesIO()
    # Floats of networks hardly repeat: a dictionary of them takes longer to write than all the rest.
    pq.write_table(
        checked, written, write_page_checksum=True, use_dictionary=False, compression="NONE", write_statistics=False
    )
    return written.getvalue()


def decode(data: bytes, parse: Callable[[pa.Table], _T], rows: int | None = None) -> _T:
    """What `parse` makes of the table that `encode` wrote.

    Args:
        data: the file.
        parse: raises ValueError or KeyError for a table that it cannot use.
        rows: how many it must have, where that is known.

    Raises:
        ValueError, KeyError, OSError, pyarrow.ArrowException: it is damaged, or of no use.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True)
    if rows is not None and file.metadata.num_rows != rows:
        raise ValueError("it holds other seeds than its name says")
    _check_size(file, len(data))
    # Blocks are small: threads would cost more than they save.
    table = file.read(use_threads=False)
    if (table.schema.metadata or {}).get(CHECKSUM) != _checksum(table):
        raise ValueError("its checksum differs")
    return parse(table)


def _check_size(file: pq.ParquetFile, length: int) -> None:
    """Raises ValueError for a file that would take far more memory than its length.

    A few bytes can promise rows without end, or one number a billion times, and the sizes that a file states of itself
    can be wrong; so can those of its columns, which Arrow ends the process for asking about in a damaged file.
    """
    size = sum(file.metadata.row_group(group).total_byte_size for group in range(file.metadata.num_row_groups))
    numbers = 0
    for field in file.schema_arrow:
        numbers += file.metadata.num_rows * _numbers_per_row(field.type)
    if max(size, 8 * numbers) > length * MOST_INFLATED + (1 << 20):
        raise ValueError("it would take far more memory than its length")


def _numbers_per_row(kind: pa.DataType) -> int:
    """How many numbers a column of this type holds in each row. Raises ValueError for one of anything else."""
    import pyarrow as pa

    times = 1
    if pa.types.is_fixed_size_list(kind):
        times, kind = kind.list_size, kind.value_type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)):
        raise ValueError(f"it must hold numbers or truths; a column of it holds {kind}")
    return times


def read_block(
    path: Path, parse: Callable[[pa.Table], _T], rows: int | None = None, most: int = MOST_BYTES
) -> _T | None:
    """What `parse` makes of a table; None where there is no file, or after setting one aside that is not sound.

    Args:
        path: the file.
        parse: as in `decode`.
        rows: as in `decode`.
        most: bytes that the file may have.

    Raises:
        OSError: the file cannot be reached, which says nothing about it.
    """
    import pyarrow as pa

    try:
        data = _read(path, most)
    except FileNotFoundError:
        return None
    except OSError as error:
        if not isinstance(path, Path) or error.errno in PASSING:
            raise
        set_aside(path, f"no sound block ({error.strerror or first_line(error)})")
        return None
    except ValueError as error:
        set_aside(path, f"no sound block ({error})")
        return None
    try:
        return decode(data, parse, rows)
    except MemoryError:  # Arrow's, too: it says nothing about the file, which cannot promise more than it holds
        raise
    except (OSError, pa.ArrowException, ValueError, KeyError) as error:
        set_aside(path, f"no sound block ({first_line(error)})")
        return None


def _read(path: Path, most: int) -> bytes:
    if isinstance(path, Path):
        return read_regular(path, most)
    size = path.stat().st_size
    if size > most:
        raise ValueError(f"it holds {size:,} bytes, which is more than {most:,}")
    return path.read_bytes()


def read_note(path: Path, what: str, most: int = MOST_NOTE) -> dict[str, Any] | None:
    """The JSON object in a small file; None where there is no file, or after setting one aside that is not sound.

    Args:
        path: the file.
        what: its purpose, for people, such as "description of a population".
        most: bytes that the file may have.

    Raises:
        OSError: the file cannot be reached, which says nothing about it.
    """
    try:
        return note_in(path, most)
    except FileNotFoundError:
        return None
    except OSError as error:
        if not isinstance(path, Path) or error.errno in PASSING:
            raise
        set_aside(path, f"no {what} ({error.strerror or first_line(error)})")
    except (ValueError, RecursionError) as error:
        set_aside(path, f"no {what} ({first_line(error)})")
    return None


def note_in(path: Path, most: int = MOST_NOTE) -> dict[str, Any]:
    """The JSON object in a small file. Raises OSError, ValueError or RecursionError where it holds none."""
    facts = json.loads(read_text(path, most) if isinstance(path, Path) else path.read_text(encoding="utf-8"))
    if not isinstance(facts, dict):
        raise ValueError("it holds no JSON object")
    return facts


def replace(path: Path, data: bytes, *, durable: bool = False) -> None:
    """Lets a file that holds `data` take the place of `path` at once. Writers of a folder take turns.

    Args:
        path: the file.
        data: its content.
        durable: wait until it is on the disk, so that it outlives a power cut.

    Raises:
        OSError: the folder cannot be written to.
    """
    if not isinstance(path, Path):
        path.write_bytes(data)
        return
    with writing(path.parent), lock(path.parent, "write.lock") as held:
        if held is not None:
            for left in path.parent.glob(".*.part"):  # by a writer that was killed: nobody else writes now
                with contextlib.suppress(OSError):  # whatever it is, it is in nobody's way
                    left.unlink()
        replace_file(path, data, durable=durable)


def set_aside(path: Path, why: str) -> None:
    """Gives a file another name, which no other file has, and warns."""
    aside = path.with_suffix(f".damaged-{os.getpid()}")
    for again in itertools.count(1):  # containers give their processes the same numbers
        if not aside.exists():
            break
        aside = path.with_suffix(f".damaged-{os.getpid()}-{again}")
    try:
        path.replace(aside) if isinstance(path, Path) else path.rename(aside)
    except FileNotFoundError:  # another process was quicker
        return
    except OSError as error:
        consequence = f"it is not read, and cannot be set aside ({error.strerror or first_line(error)})"
    else:
        consequence = f"set aside as {aside.name} and made again when needed"
    warnings.warn(f"{path} is {why}; {consequence}", LedgerWarning, stacklevel=3)


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
