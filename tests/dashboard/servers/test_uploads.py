"""How large a body may be before anybody is asked."""

import pytest

from dashboard.servers.limits import ConnectionLimits
from dashboard.servers.uploads import Uploads, declared_length

LIMITS = ConnectionLimits(body_bytes=10, upload_bytes=100)
UPLOADS = Uploads({b"/import/"})


@pytest.mark.parametrize(
    ("target", "length", "bound"),
    [(b"/import/", 50, 100), (b"/import/?a=1", 50, 100), (b"/import/", 0, 100),
     (b"/import/", None, 10), (b"/import", 50, 10), (b"/", 50, 10), (b"/?/import/", 50, 10),
     (b"/import/x", 50, 10), (b"", 50, 10)],
)  # fmt: skip
def test_only_an_import_of_known_length_is_large(
    target: bytes, length: int | None, bound: int
) -> None:
    assert UPLOADS.bound_of(target, length, LIMITS) == bound


async def test_nobody_may_upload_where_nobody_says_who() -> None:
    assert not await UPLOADS.admits({"path": "/import/"})


@pytest.mark.parametrize(
    ("headers", "length"),
    [([], 0), ([(b"content-length", b"12")], 12), ([(b"transfer-encoding", b"chunked")], None),
     ([(b"content-length", b"x")], 0)],
)  # fmt: skip
def test_the_length_of_a_body_is_read(headers: list[tuple[bytes, bytes]], length: int) -> None:
    assert declared_length(headers) == length
