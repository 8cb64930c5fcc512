"""Bytecode for the tests where the environment wants none beside the sources, as containers do."""

import os
import sys
from pathlib import Path


def keep_bytecode(folder: Path) -> None:
    """Let this process, its workers and its servers keep bytecode in a folder.

    The tests start some fifty processes. Each would compile all sources anew, and rewrite the
    asserts of all tests, which takes as long as the tests of the fast tier.
    """
    sys.dont_write_bytecode = False
    sys.pycache_prefix = os.fspath(folder)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix
