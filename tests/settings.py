"""The settings of the project, on a data folder of the tests' own that goes away with them."""

import atexit
import os
import shutil
import tempfile

_folder = tempfile.mkdtemp(prefix="market-tests-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
os.environ["MARKET_DATA_DIR"] = _folder

from dashboard.settings import *  # noqa: E402, F403

# Each client of a test would look through all static files anew, which takes longer than its test.
# The servers of tests/sockets and tests/e2e run with the settings of the project and serve them.
SERVESTATIC_USE_FINDERS = False
SERVESTATIC_USE_STATIC_ROOT = False
