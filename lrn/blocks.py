"""Blocks of seeds as files of Parquet: written whole or not at all, and read only if they are sound.

What the ledger (`lrn.ledger`) and the samples of other populations (`lrn.samples`) share. They lie in a folder of this
machine or, where the ledger's name has a scheme (`s3://bucket/ledger`), in any file system that fsspec knows.

There, nobody locks: two processes may train the same block and both write it, which costs time and changes nothing, as
a block is the same whoever trains it. Object stores show what was written whole or not at all, as a local folder does;
elsewhere a torn file is found by its checksums and set aside.
"""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["LedgerWarning", "decode", "encode", "first_line", "folder", "lock", "read_block", "replace", "set_aside"]

_T = TypeVar("_T")


class LedgerWarning(UserWarning):
    """A file of the ledger could not be used and was set aside."""


def folder(path: str | os.PathLike[str]) -> Path:
    """The folder of that name, which need not be there.

    Args:
        path: of this machine, or with a scheme, such as `s3://bucket/ledger`: what is returned then behaves like a
            Path and is none (a UPath).

    Raises:
        ValueError: there is no such file system.
        ImportError: what reads it is not installed.
        NotADirectoryError: it is a file.
        OSError: it cannot be reached.
    """
    if not isinstance(path, (str, os.PathLike)):
        return path
    found = _remote(path) if isinstance(path, str) and "://" in path else Path(path)
    if found.exists() and not found.is_dir():
        raise NotADirectoryError(f"the ledger must be a folder; {found} is a file")
    return found


def _remote(name: str) -> Path:
    try:
        from upath import UPath
    except ImportError:
        raise ImportError(f"the ledger {name} needs universal-pathlib: pip install 'lrn[remote]'") from None
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
    from filelock import FileLock, Timeout

    try:
        place.mkdir(parents=True, exist_ok=True)
        return FileLock(place / name).acquire(timeout=timeout) if isinstance(place, Path) else nullcontext()
    except Timeout:
        raise
    except OSError as error:
        raise OSError(error.errno, f"the ledger cannot be written to ({error.strerror})", str(place)) from error


def encode(table: pa.Table) -> bytes:
    """A table as a file, with checksums."""
    import pyarrow.parquet as pq

    written = io.BytesIO()
    pq.write_table(table, written, write_page_checksum=True)
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

    return parse(pq.read_table(pa.BufferReader(data), page_checksum_verification=True))


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
    """Lets a file that holds `data` take the place of `path` at once."""
    if not isinstance(path, Path):
        path.write_bytes(data)
        return
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def set_aside(path: Path, why: str) -> None:
    """Gives a file another name, and warns."""
    aside = path.with_suffix(f".damaged-{os.getpid()}")
    path.replace(aside) if isinstance(path, Path) else path.rename(aside)
    warnings.warn(f"{path} is {why}; set aside as {aside.name} and made again when needed", LedgerWarning, stacklevel=3)


def first_line(error: Exception) -> str:
    """What an error says, on one line."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
