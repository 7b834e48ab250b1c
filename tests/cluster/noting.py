"""What workers are asked to do in tests; a module of its own, as functions travel by name."""

from __future__ import annotations

import os
import time
from pathlib import Path


def note(request):
    """Leaves a file that tells who began this, and takes its time."""
    folder, number, seconds = request
    Path(folder, f"{number}-{os.getpid()}").touch()
    time.sleep(seconds)
    return str(number * number).encode()


def requests_in(folder, number, seconds):
    """Returns so many requests to `note`, each of which takes its time."""
    return [(str(folder), index, seconds) for index in range(number)]


def answers_to(requests):
    """Each request to `note` and its answer, in the order of the requests."""
    return [(request, str(request[1] ** 2).encode()) for request in requests]


def fail(request):
    """Ends in an error."""
    raise ValueError(f"no such request: {request}")


def stop(request):
    """Ends the worker."""
    os._exit(1)


class Bomb(Exception):
    """What leaves a file when it is unpickled."""

    def __init__(self, path):
        super().__init__("a bomb")
        self.path = path

    def __reduce__(self):
        return burst, (self.path,)


def burst(path):
    """Says in which process this was unpickled."""
    Path(f"{path}-{os.getpid()}").touch()
    return RuntimeError("burst")


def hostile(path, request):
    """In place of what wraps answers: something that runs code when it is unpickled."""
    return Bomb(path)


def hostile_error(path, request):
    """An error that does."""
    raise Bomb(path)


def number(path, request):
    """An answer that is not bytes."""
    return 7


def call(function, request):
    """An error that is not caught."""
    raise ValueError("the worker has gone wild")
