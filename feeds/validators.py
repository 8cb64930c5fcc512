"""What fields of rows refuse besides what Django's validators do.

Must not know rows.
"""

import math

from django.core.exceptions import ValidationError


def refuse_nan(value: float) -> None:
    """Raise ValidationError for "not a number", which no comparison with a limit refuses."""
    if math.isnan(value):
        raise ValidationError("Enter a number.")
