"""Validators of model fields that Django does not have.

Must not know models: migrations import this module.
"""

import math

from django.core.exceptions import ValidationError


def refuse_nan(value: float) -> None:
    """Refuse NaN, which passes every comparison with a limit.

    Raises:
        ValidationError: the value is NaN.
    """
    if math.isnan(value):
        raise ValidationError("Enter a number.")
