"""A recording is read back to the byte, or it is refused; a crash leaves none."""

from decimal import Decimal
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.exceptions import InvalidRecording
from feeds.market.events import (
    Delisting,
    Event,
    FeedRemoval,
    FeedState,
    Listing,
    Phase,
    Quote,
    Side,
    Status,
    Trade,
)
from feeds.market.fingerprint import Fingerprint
from feeds.plan.plans import FeedPlan
from feeds.recordings import writer as writing
from feeds.recordings.columns import SCHEMA, batch_of, events_of
from feeds.recordings.folder import recording_path, replay_of
from feeds.recordings.header import VERSION, Origin, RecordingHeader
from feeds.recordings.reader import OneSymbol, RecordingFile
from feeds.recordings.writer import HEADER_KEY, RecordingWriter
from tests.support.examples import examples
from tests.support.market_script import NOW, levels, listing, scripts

DEEP = Quote("NVX", 100, 102, 300, 400, NOW, (99, 500, 97, 600), (103, 700))
EVENTS: list[Event] = [
    listing("NVX"),
    Status("NVX", Phase.OPEN, "", NOW),
    DEEP,
    Trade("NVX", 102, 300, Side.BUY, NOW + 5, NOW + 9),
    Quote("NVX", 2**62, 2**62 + 1, 1, 1, NOW + 6),
]


def hash_of(events: list[Event]) -> str:
    fingerprint = Fingerprint()
    fingerprint.add(events)
    return fingerprint.hex()


def write(path: Path, events: list[Event], *, cut: int = 3) -> RecordingHeader:
    with RecordingWriter(path, origin=Origin.RECORDED, feed="demo", seed=7) as writer:
        for start in range(0, len(events), cut):
            writer.add(events[start : start + cut])
        return writer.close()


def rewrite(path: Path, *, header: bytes | None = None, drop: str | None = None) -> None:
    """Write a recording anew with another header, or without a column."""
    table = pq.read_table(path)
    kept = header or pq.ParquetFile(path).metadata.metadata[HEADER_KEY.encode()]
    table = table.drop_columns([drop]) if drop else table
    pq.write_table(table.replace_schema_metadata({HEADER_KEY: kept}), path)


deep_quotes = st.builds(
    lambda bid, sizes, ts: Quote(
        "ORB", bid, bid + 3, 5, 5, ts,
        levels((bid - far, size) for far, size in enumerate(sizes, 1)),
        levels((bid + 4 + far, size) for far, size in enumerate(sizes)),
    ),
    st.integers(10, 10**9), st.lists(st.integers(1, 10**6), max_size=4), st.integers(0, NOW),
)  # fmt: skip
timed_trades = st.builds(
    Trade, st.just("ORB"), st.integers(1, 10**9), st.integers(1, 10**6), st.sampled_from(Side),
    st.integers(0, NOW), st.integers(0, NOW),
)  # fmt: skip


@settings(max_examples=examples(60), deadline=None)
@given(scripts, st.lists(deep_quotes | timed_trades, max_size=20))
def test_events_of_every_kind_come_back_as_they_were(script: list[Event], ticks: list) -> None:
    events = [*script, *ticks]
    back = events_of(batch_of(events))
    assert back == events
    assert hash_of(back) == hash_of(events)


def test_a_recording_is_read_back_and_says_what_it_is(tmp_path: Path) -> None:
    header = write(tmp_path / "a.parquet", EVENTS)
    recording = RecordingFile(tmp_path / "a.parquet")
    assert list(recording.events()) == EVENTS
    assert recording.header == header
    recording.verify()
    assert header == RecordingHeader(
        version=VERSION, origin=Origin.RECORDED, feed="demo", seed=7, first_ms=NOW,
        last_ms=NOW + 6, events=5, ticks=3, fingerprint=hash_of(EVENTS),
        definitions=(listing("NVX").definition,),
    )  # fmt: skip


def test_a_header_keeps_lot_sizes_and_an_older_one_has_lots_of_1(tmp_path: Path) -> None:
    coin = msgspec.structs.replace(listing("BTC/USD").definition, lot=Decimal("0.0001"))
    events = [Listing("demo", coin, NOW), Trade("BTC/USD", 1, 5, Side.BUY, NOW), *EVENTS]
    header = write(tmp_path / "a.parquet", events)
    recording = RecordingFile(tmp_path / "a.parquet")
    assert [made.lot_size for made in recording.header.definitions] == [Decimal("0.0001"), 1]
    assert list(recording.events()) == events
    text = header.encode()
    assert text.count(b'"lot"') == 1, "a lot of 1 is not written, as before there were lots"


def test_it_can_be_read_more_than_once_and_left_in_the_middle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "FIRST_GROUP_EVENTS", 2)
    monkeypatch.setattr(writing, "GROUP_EVENTS", 3)
    write(tmp_path / "a.parquet", EVENTS * 5)
    recording = RecordingFile(tmp_path / "a.parquet")
    assert pq.ParquetFile(tmp_path / "a.parquet").num_row_groups == 9
    first = recording.events()
    assert [next(first) for _ in range(4)] == EVENTS[:4]
    assert list(recording.events()) == EVENTS * 5


def test_a_row_group_is_written_as_soon_as_it_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[list[Event]] = []
    monkeypatch.setattr(writing, "FIRST_GROUP_EVENTS", 2)
    monkeypatch.setattr(writing, "GROUP_EVENTS", 3)
    monkeypatch.setattr(RecordingWriter, "_write", lambda _, events: written.append(events))
    groups = [EVENTS[:2], [*EVENTS[2:], *EVENTS][:3], [*EVENTS[2:], *EVENTS][3:6]]
    with RecordingWriter(tmp_path / "a.parquet", origin=Origin.RECORDED, feed="demo") as writer:
        for more, count in ((EVENTS[:1], 0), (EVENTS[1:2], 1), ([*EVENTS[2:], *EVENTS], 3)):
            writer.add(more)
            assert written == groups[:count]


def test_until_it_is_closed_there_is_no_recording(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    writer = RecordingWriter(path, origin=Origin.RECORDED, feed="demo")
    writer.add(EVENTS * 1000)
    assert not path.exists()
    assert writer.close().events == 5000
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet"]


def test_the_content_is_on_the_disk_before_the_name_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a power cut a recording is either complete or not there."""
    path, calls = tmp_path / "a.parquet", []
    monkeypatch.setattr(writing.os, "fsync", lambda _: calls.append(path.exists()))
    write(path, EVENTS)
    assert calls == [False]
    assert path.exists()


def test_an_exception_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "sub" / "a.parquet"
    with (
        pytest.raises(RuntimeError),
        RecordingWriter(path, origin=Origin.RECORDED, feed="demo") as writer,
    ):
        writer.add(EVENTS * 1000)
        raise RuntimeError("the process dies")
    assert list(path.parent.iterdir()) == []


def test_a_group_of_no_events_changes_nothing(tmp_path: Path) -> None:
    """A recording may begin before its feed has anything."""
    with RecordingWriter(tmp_path / "a.parquet", origin=Origin.RECORDED, feed="demo") as writer:
        for events in ([], EVENTS, []):
            writer.add(events)
        header = writer.close()
    assert (header.first_ms, header.last_ms, header.events) == (NOW, NOW + 6, 5)


@pytest.mark.parametrize(
    ("has_quotes", "kept"), [(True, [0, 1, 3, 4, 5, 6]), (False, [0, 1, 4, 6])]
)
def test_of_a_symbol_its_events_and_those_of_the_feed_are_read(
    has_quotes: bool, kept: list[int], tmp_path: Path
) -> None:
    other = Trade("ORB", 5, 1, Side.BUY, NOW - 7)
    feed = FeedRemoval("demo", NOW + 20)
    events = [*EVENTS[:2], other, *EVENTS[2:], feed]
    write(tmp_path / "a.parquet", events)
    found = OneSymbol(RecordingFile(tmp_path / "a.parquet"), "NVX", has_quotes=has_quotes)
    assert (found.first_ms, found.last_ms) == (NOW - 7, NOW + 20)
    assert list(found.events()) == [events[place] for place in kept]


def test_nothing_is_no_recording(tmp_path: Path) -> None:
    with pytest.raises(InvalidRecording, match="nothing happened"):
        write(tmp_path / "a.parquet", [])
    assert list(tmp_path.iterdir()) == []


def test_a_recording_is_not_written_over(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", EVENTS)
    with pytest.raises(InvalidRecording, match=r"there is a recording a\.parquet already"):
        write(tmp_path / "a.parquet", EVENTS[:2])
    assert RecordingFile(tmp_path / "a.parquet").header.events == 5


def test_a_place_where_nothing_can_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InvalidRecording, match="cannot be written"):
        write(tmp_path / "file" / "a.parquet", EVENTS)


@pytest.mark.parametrize("ticks", [2**63, 2**70])
def test_a_number_of_more_than_64_bits_is_refused(tmp_path: Path, ticks: int) -> None:
    with pytest.raises(InvalidRecording, match="cannot be written"):
        write(tmp_path / "a.parquet", [Trade("NVX", ticks, 1, Side.BUY, NOW, NOW)])
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_recording_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRecording, match=r"there is no recording none\.parquet"):
        RecordingFile(tmp_path / "none.parquet")
    (tmp_path / "text.parquet").write_text("time,symbol\n")
    with pytest.raises(InvalidRecording, match="cannot be read"):
        RecordingFile(tmp_path / "text.parquet")
    pq.write_table(pa.table({"a": [1]}), tmp_path / "other.parquet")
    with pytest.raises(InvalidRecording, match="no recording of a feed"):
        RecordingFile(tmp_path / "other.parquet")


def test_half_a_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    write(path, EVENTS * 1000)
    content = path.read_bytes()
    for part in (0, 4, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:part])
        with pytest.raises(InvalidRecording, match="cannot be read"):
            RecordingFile(path)


def test_a_damaged_page_is_refused_and_nothing_else_breaks(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    write(path, EVENTS * 1000)
    content = bytearray(path.read_bytes())
    for place in range(4, 1500):
        content[place] ^= 0xFF
    path.write_bytes(bytes(content))
    with pytest.raises(InvalidRecording):
        list(RecordingFile(path).events())


def test_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    header = write(path, EVENTS)
    rewrite(path, header=msgspec.structs.replace(header, version=2).encode())
    with pytest.raises(InvalidRecording, match="version was 2, expected 1"):
        RecordingFile(path)


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b'{"version":1}', b"\xff"])
def test_a_header_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    write(tmp_path / "a.parquet", EVENTS)
    with pytest.raises(InvalidRecording, match="header cannot be read"):
        RecordingHeader.parse(content)


def test_other_columns_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    write(path, EVENTS)
    rewrite(path, drop="reason")
    with pytest.raises(InvalidRecording, match="other columns"):
        RecordingFile(path)


def test_a_changed_event_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    header = write(path, EVENTS)
    path.unlink()
    write(path, [*EVENTS[:-1], Trade("NVX", 102, 301, Side.BUY, NOW + 6, NOW)])
    rewrite(path, header=header.encode())
    with pytest.raises(InvalidRecording, match="not what its fingerprint says"):
        RecordingFile(path).verify()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *(("kind", "bar"), ("kind", "status"), ("kind", "listing"), ("side", "BOTH")),
        *(("side", None), ("size", 0), ("price_ticks", None), ("symbol", None)),
    ],
)
def test_a_row_that_cannot_have_happened_is_refused(column: str, value: object) -> None:
    row = batch_of([Trade("NVX", 102, 300, Side.BUY, NOW, NOW)]).to_pylist()[0] | {column: value}
    schema = pa.schema([pa.field(column.name, column.type) for column in SCHEMA])
    batch = pa.RecordBatch.from_pylist([row], schema=schema)
    with pytest.raises(InvalidRecording, match="a row is no event"):
        events_of(batch)


def test_a_row_whose_detail_is_of_another_kind_is_refused() -> None:
    row = batch_of([Delisting("NVX", NOW)]).to_pylist()[0] | {"kind": "listing"}
    with pytest.raises(InvalidRecording, match="kind was 'listing', the detail says 'delisting'"):
        events_of(pa.RecordBatch.from_pylist([row], schema=SCHEMA))


def test_a_plan_that_names_no_recording_is_refused(tmp_path: Path) -> None:
    plan = FeedPlan(feed="demo", name="Demo", state=FeedState.RUNNING, rate=1.0, seed=1,
                    definitions=())  # fmt: skip
    with pytest.raises(InvalidRecording, match="feed demo names no recording"):
        replay_of(plan, tmp_path)


@pytest.mark.parametrize("path", ["../a.parquet", "/etc/a.parquet", "b/../../a.parquet", "", "."])
def test_a_path_out_of_the_folder_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(InvalidRecording, match="not below the folder"):
        recording_path(path, tmp_path)


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder, outside = tmp_path / "recordings", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    write(outside / "a.parquet", EVENTS)
    (folder / "out").symlink_to(outside)
    with pytest.raises(InvalidRecording, match="not below the folder"):
        recording_path("out/a.parquet", folder)
    assert recording_path("sub/a.parquet", folder) == folder / "sub" / "a.parquet"
