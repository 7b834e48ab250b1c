"""Runs pytest again and again in children of one process, which has imported what takes long, and nothing of lrn.

Reads pytest's arguments, one JSON list per line; answers each with the exit code and what pytest said last, as JSON.
"""

import json
import os
import sys
import tempfile

import numpy  # noqa: F401
import pyarrow.parquet  # noqa: F401
import pytest
import scipy.stats  # noqa: F401
import torch  # noqa: F401

assert "lrn" not in sys.modules


def run(arguments):
    with tempfile.TemporaryFile("w+") as output:
        child = os.fork()
        if child == 0:
            for stream in (1, 2):
                os.dup2(output.fileno(), stream)
            os._exit(int(pytest.main(arguments)))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        output.seek(0)
        return code, output.read()[-3000:]


for line in sys.stdin:
    print(json.dumps(run(json.loads(line))), flush=True)
