"""Validators and form fields that Django does not have.

Must not know models: migrations import this module.
"""

import math
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from feeds.market.symbols import SYMBOL_RULE, is_symbol, read_symbol


def refuse_nan(value: float) -> None:
    """Refuse NaN, which passes every comparison with a limit.

    Raises:
        ValidationError: the value is NaN.
    """
    if math.isnan(value):
        raise ValidationError("Enter a number.")


def refuse_other_than_symbol(value: str) -> None:
    """Refuse what cannot be a symbol.

    Raises:
        ValidationError: it cannot be one; the message says what can.
    """
    if not is_symbol(value):
        raise ValidationError(SYMBOL_RULE)


class CapitalsInput(forms.CharField):
    """A text that is a part of a symbol; its value has capital letters and no blanks around it."""

    def to_python(self, value: Any) -> str:
        """Return the text as symbols are stored."""
        return read_symbol(super().to_python(value) or "")


class SymbolInput(CapitalsInput):
    """A symbol that a person types; its value is the symbol as it is stored."""

    default_validators = [refuse_other_than_symbol]
