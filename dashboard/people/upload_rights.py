"""Who may send a large body: those who may import a recording.

A server asks this before it reads the body. The page checks the permission again.
"""

from collections.abc import Sequence
from typing import Any, Final

from asgiref.sync import sync_to_async
from django import db
from django.contrib.auth.models import User

from dashboard.network.hops import Network
from dashboard.network.trusted_proxies import seen_through
from dashboard.people.admission import identify
from dashboard.people.identity import Identity
from feeds.database import with_connection

IMPORT_PATHS: Final = {b"/admin/feeds/recording/add/": "feeds.add_recording"}
"""The pages that take large files, and the permission that each needs."""


async def may_upload(scope: dict[str, Any], trusted: Sequence[Network] = ()) -> bool:
    """Say whether the sender of a request to an import may send a large body.

    The scope is the server's own, so it is seen through the trusted proxies here.
    """
    permission = IMPORT_PATHS.get(scope["path"].encode())
    if permission is None:
        return False
    try:
        identity = await identify(seen_through(scope, trusted))
        if not isinstance(identity, Identity) or identity.session_key is None:
            return False
        return await _may(identity.user_id, permission)
    except db.Error:
        return False


@sync_to_async
@with_connection
def _may(user_id: int, permission: str) -> bool:
    user = User.objects.filter(pk=user_id, is_active=True, is_staff=True).first()
    return user is not None and user.has_perm(permission)
