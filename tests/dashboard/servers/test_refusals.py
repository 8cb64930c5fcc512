"""What a server answers by itself is a whole response with the headers of the pages."""

from collections import Counter
from email.parser import BytesParser

import pytest

from dashboard.process.refusal_reasons import RefusalReason
from dashboard.servers.refusals import REASONS, TEXTS, count_refusal, refusal
from tests.support.security_headers import NEEDED


@pytest.mark.parametrize("status", sorted({*REASONS, *TEXTS}))
def test_a_refusal_is_a_whole_response(status: int) -> None:
    start, _, rest = refusal(status, [("sec-websocket-version", "13")]).partition(b"\r\n")
    head, _, body = rest.partition(b"\r\n\r\n")
    headers = BytesParser().parsebytes(head)
    assert start.startswith(b"HTTP/1.1 %d " % status)
    assert {name: headers[name] for name in NEEDED} == NEEDED
    assert headers["Content-Length"] == str(len(body))
    assert headers["Connection"] == "close"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Sec-WebSocket-Version"] == "13"


def test_what_the_application_refused_is_not_counted_twice() -> None:
    counts: Counter[RefusalReason] = Counter()
    count_refusal(403, counts)
    assert not counts
    count_refusal(413, counts)
    assert counts == {RefusalReason.BODY_TOO_LARGE: 1}
