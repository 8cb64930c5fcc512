"""Every change of recordings: row, file and audit entry together.

The only writer of these rows. Must not know requests or forms. Arrow takes long to import and most
web processes never need it, so it is imported on first use.
"""

import secrets
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils.text import slugify

from feeds.clock import SystemClock
from feeds.exceptions import ChangeRefused
from feeds.market.events import Event
from feeds.models import Feed, Recording
from feeds.recordings.csv_import import CsvRows, Rows, Table
from feeds.recordings.header import Origin, RecordingHeader
from feeds.recordings.layout import Layout, TableKind
from feeds.services.audit import facts_of, record

FACTS: Final = ("name", "path", "origin", "events", "ticks", "fingerprint")
GROUP_EVENTS: Final = 10_000


def import_recording(
    feed: Feed,
    name: str,
    lines: Iterable[str],
    *,
    kind: TableKind,
    interval_s: int = 60,
    actor: User | None,
) -> Recording:
    """Make a recording from a table of trades or bars of a feed's instruments, with our columns.

    Raises:
        InvalidImport: some rows are wrong; nothing is kept.
        InvalidRecording: the folder cannot be written to.
        ValidationError: the name is empty, or taken.
    """
    layout = Layout(kind=kind, interval_s=interval_s)
    table = Table(feed.plan(), layout, now_ms=SystemClock().now_ms())
    return import_table(feed, name, table, CsvRows(lines), actor=actor)


def import_table(
    feed: Feed, name: str, table: Table, rows: Rows, *, actor: User | None
) -> Recording:
    """Make a recording from the rows of a table; `feed` may be one that is not saved yet.

    Raises:
        InvalidImport: some rows are wrong; nothing is kept.
        InvalidRecording: the folder cannot be written to.
        ValidationError: the name is empty, or taken.
    """
    groups = _groups(table.events(rows))
    return save_recording(name, groups, origin=Origin.IMPORTED, feed=feed, actor=actor)


def recordings_folder() -> Path:
    """Return the folder that the settings name; the paths of recordings begin there."""
    folder: Path = settings.MARKET_RECORDINGS_DIR
    return folder


def save_recording(
    name: str,
    groups: Iterable[list[Event]],
    *,
    origin: Origin = Origin.RECORDED,
    feed: Feed,
    actor: User | None,
) -> Recording:
    """Write events to a file below the folder of recordings, and add its row: both or neither.

    Raises:
        InvalidRecording: there are no events, or the folder cannot be written to.
        ValidationError: the name is empty, or taken.
    """
    path = f"{slugify(name)[:40] or 'recording'}-{secrets.token_hex(4)}.parquet"
    row = Recording(name=name, path=path, origin=origin.value)
    row.clean_fields(exclude=["events", "ticks", "first_at", "last_at", "fingerprint"])
    row.validate_unique()
    place = settings.MARKET_RECORDINGS_DIR / path
    header = _write(place, groups, origin=origin, feed=feed)
    try:
        return _enter(row, header, actor=actor)
    # Whatever it was, also Ctrl-C: a file without a row would stay for ever.
    except BaseException:
        place.unlink()
        raise


def record_live(slug: str, groups: Iterable[list[Event]]) -> Recording | None:
    """Record a running feed until the groups end; return None if there is no such feed any more.

    The recording is named after the feed and the time. It blocks, so it needs a thread of its own.

    Raises:
        InvalidRecording: there are no events, or the folder cannot be written to.
    """
    try:
        feed = Feed.objects.filter(slug=slug).first()
        if feed is None:
            return None
        begun = datetime.now(UTC)
        name = f"{feed.name[:50]} {begun:%Y-%m-%d %H:%M:%S.%f}"
        return save_recording(name, _idling(groups), feed=feed, actor=None)
    finally:
        connection.close()


def delete_recording(recording: Recording, *, actor: User | None) -> None:
    """Delete a recording and its file; the audit entry keeps its facts.

    Raises:
        ChangeRefused: a feed plays it.
    """
    with transaction.atomic():
        recording = Recording.objects.select_for_update().get(pk=recording.pk)
        if feeds := list(recording.feeds.values_list("name", flat=True)):
            raise ChangeRefused(f"{recording} is played by {', '.join(feeds)}")
        before = facts_of(recording, FACTS)
        record("delete", target_of(recording), actor=actor, before=before)
        place: Path = settings.MARKET_RECORDINGS_DIR / recording.path
        recording.delete()
        # A file cannot be rolled back, so it goes only when its row is gone for good.
        transaction.on_commit(lambda: place.unlink(missing_ok=True))


def target_of(recording: Recording) -> str:
    """Return its name in audit entries: `recording Monday`."""
    return f"recording {recording.name}"


def _write(
    place: Path, groups: Iterable[list[Event]], *, origin: Origin, feed: Feed
) -> RecordingHeader:
    from feeds.recordings.writer import RecordingWriter

    with RecordingWriter(place, origin=origin, feed=feed.slug, seed=feed.seed) as writer:
        for events in groups:
            writer.add(events)
        return writer.close()


def _idling(groups: Iterable[list[Event]]) -> Iterator[list[Event]]:
    """Yield groups without a connection: they come for hours, and it would be lost meanwhile."""
    connection.close()
    yield from groups


def _enter(row: Recording, header: RecordingHeader, *, actor: User | None) -> Recording:
    row.events, row.ticks, row.fingerprint = header.events, header.ticks, header.fingerprint
    row.first_at = datetime.fromtimestamp(header.first_ms / 1000, UTC)
    row.last_at = datetime.fromtimestamp(header.last_ms / 1000, UTC)
    with transaction.atomic():
        row.full_clean()
        row.save()
        record("add", target_of(row), actor=actor, after=facts_of(row, FACTS))
    return row


def _groups(events: Iterator[Event]) -> Iterator[list[Event]]:
    while group := list(islice(events, GROUP_EVENTS)):
        yield group
