"""Passwords of the accounts of tests."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class OneRoundHasher(PBKDF2PasswordHasher):
    """Hashes with 1 round instead of a million, which takes a quarter of a second by intention."""

    iterations = 1
