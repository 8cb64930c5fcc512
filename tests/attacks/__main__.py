"""Attack both servers, break the parts of a site, and write docs/faults.md.

    uv run python -m tests.attacks
    uv run python -m tests.attacks --subject floods --server uvicorn
    uv run python -m tests.attacks --only "reserved bit"

It needs what the tests need: PostgreSQL and nginx from Debian's packages for the whole site.
"""

import os
from importlib import import_module

import django

if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    import_module("tests.attacks.command").main()
