"""What happens to e-mail where none is set up: it is not sent, and the log says so.

Must not know what an e-mail says: it can hold links and addresses.
"""

import logging
from collections.abc import Sequence
from typing import Final

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

log = logging.getLogger(__name__)
CURE: Final = (
    "set EMAIL_URL, as in smtp://user:password@mail.example.com:587, and MARKET_PUBLIC_ORIGINS; "
    "then start the site again"
)


class EmailBackend(BaseEmailBackend):
    """Sends nothing. A page that wants to send an e-mail goes on, as it does with a mail server."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Say how many e-mails were not sent, and return 0."""
        log.error("e-mail was not sent number=%d: %s", len(email_messages), CURE)
        return 0
