"""The settings of the project, on a data folder of the tests' own that goes away with them."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_folder = tempfile.mkdtemp(prefix="market-tests-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
os.environ["MARKET_DATA_DIR"] = _folder

from dashboard.database_url import read_database_url  # noqa: E402
from dashboard.settings import *  # noqa: E402, F403
from tests.support import storage  # noqa: E402

if storage.IS_SHARED:
    _url = storage.cluster().create("market")
    DATABASES = {"default": read_database_url(_url, Path(_folder))}

# The servers of tests/sockets and tests/e2e hash as the project does.
PASSWORD_HASHERS = ["tests.support.passwords.OneRoundHasher"]
