"""The settings of the project, on a data folder of the tests' own that goes away with them."""

import atexit
import os
import shutil
import tempfile

_folder = tempfile.mkdtemp(prefix="market-tests-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
os.environ["MARKET_DATA_DIR"] = _folder

from dashboard.settings import *  # noqa: E402, F403
