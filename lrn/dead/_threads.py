"""Work in a model's own threads, which torch's modes do not follow by themselves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import thread as pools
from contextlib import AbstractContextManager, contextmanager
from typing import Any

__all__ = ["threads_inside"]

Enter = Callable[[], AbstractContextManager[Any]]


@contextmanager
def threads_inside(enter: Enter) -> Iterator[None]:
    """Runs threads that start here, and items submitted to pools of threads here, inside `enter()`."""
    run, run_item = threading.Thread.run, pools._WorkItem.run

    def thread_inside(thread: threading.Thread) -> None:
        if getattr(thread, "_target", None) is pools._worker:  # it lives longer than this context
            run(thread)
            return
        with enter():
            run(thread)

    def item_inside(item: Any) -> None:
        with enter():
            run_item(item)

    threading.Thread.run = thread_inside  # type: ignore[assignment, method-assign]
    pools._WorkItem.run = item_inside  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        threading.Thread.run = run  # type: ignore[method-assign]
        pools._WorkItem.run = run_item  # type: ignore[method-assign]
