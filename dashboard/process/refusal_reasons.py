"""Why a process refuses connections and requests: the names under which these are counted.

Pure. Must not know who refuses, or who reads the counts.
"""

from enum import StrEnum


class RefusalReason(StrEnum):
    """Why a connection or a request was refused."""

    FULL = "full"
    ACCOUNT_FULL = "account_full"
    STOPPING = "stopping"
    SIGNED_OUT = "signed_out"
    FOREIGN = "foreign"
    TOO_MANY_REQUESTS = "too_many_requests"
    BAD_REQUEST = "bad_request"
    NO_DATABASE = "no_database"
    NO_MEMORY = "no_memory"
    BAD_HTTP = "bad_http"
    HEAD_TOO_LARGE = "head_too_large"
    BODY_TOO_LARGE = "body_too_large"
    TOO_LATE = "too_late"
    NO_HANDSHAKE = "no_handshake"
    FLOOD = "flood"
