"""Sends a parcel by e-mail, with the mail server of this site.

Must not know rows. Mail servers are slow and Django's client blocks. So threads of their own do it:
whoever waits for one gives up after TOTAL_S, and nobody else waits.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException
from typing import Final

from django.core.mail import EmailMessage

from dashboard.reaching.claims import Parcel, SendOutcome

TOTAL_S: Final = 30.0
"""Shorter than a claim lasts."""
AT_ONCE: Final = 4
TAKEN: Final = 250
"""What a mail server answers when it took a message (RFC 5321, 4.2.3)."""


class MailSender:
    """Sends e-mails in threads of its own."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="mail")

    async def send(self, parcel: Parcel) -> SendOutcome:
        """Send a parcel once, and say what became of it."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(TOTAL_S):
                return await loop.run_in_executor(self._threads, send_now, parcel)
        except TimeoutError:
            return SendOutcome(error=f"The mail server did not end within {TOTAL_S:.0f} s.")


def send_now(parcel: Parcel) -> SendOutcome:
    """Send a parcel, and wait for the mail server."""
    try:
        sent = mail_from(parcel).send()
    except SMTPRecipientsRefused as error:
        status = next(iter(error.recipients.values()))[0]
        return _refused(status, "refused the address")
    except SMTPResponseException as error:
        return _refused(error.smtp_code, "refused the message")
    except (SMTPException, OSError) as error:
        return SendOutcome(error=f"The mail server could not be used: {type(error).__name__}.")
    except ValueError as error:  # an address that is none
        return SendOutcome(error=f"The e-mail could not be written: {type(error).__name__}.")
    return SendOutcome(status=TAKEN) if sent else SendOutcome(error="The e-mail was not sent.")


def mail_from(parcel: Parcel) -> EmailMessage:
    """Return the e-mail that a parcel is."""
    headers = {
        "Date": formatdate(),
        "Message-ID": parcel.message_id,
        "Auto-Submitted": "auto-generated",
        "List-Unsubscribe": f"<{parcel.page}>",
    }
    text = parcel.body.decode()
    return EmailMessage(parcel.subject, text, to=[parcel.address], headers=headers)


def _refused(status: int, what: str) -> SendOutcome:
    # A status below 400 with an error is a fault of the server, and no success.
    is_status = 400 <= status < 600
    error = f"The mail server {what} ({status})."
    return SendOutcome(status=status if is_status else None, error=error)
