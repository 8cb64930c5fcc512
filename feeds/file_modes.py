"""The rights of files and folders that the site makes: only its own account may read them."""

from typing import Final

FILE_MODE: Final = 0o600
FOLDER_MODE: Final = 0o700
