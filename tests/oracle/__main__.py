"""Many readers for an hour, while every line and part is broken: the third tier of the oracle.

    uv run python -m tests.oracle --readers 1000 --minutes 60 --seed 1 --server daphne
    uv run python -m tests.oracle --readers 300 --minutes 8 --times 5 --json
    uv run python -m tests.oracle --readers 40 --minutes 1 --plant skipped

It ends with 1 if a reader applied anything but what the tape says, or missed anything that it was
not told of, or if memory grew. With `--plant` the web processes do something wrong on purpose,
which must be found. With `--page` the result is written into docs/faults.md. Without `--server`
there is a web process of each kind, otherwise two of that kind.
"""

import os
from importlib import import_module

import django

if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    import_module("tests.oracle.command").main()
