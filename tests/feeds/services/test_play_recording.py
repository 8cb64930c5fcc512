"""A recording is played from its page: a feed with its instruments, started at once."""

import re
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError

from feeds.exceptions import ChangeRefused
from feeds.models import AuditEntry, Feed, Instrument, Recording
from feeds.recordings.layout import TableKind
from feeds.recordings.reader import RecordingFile
from feeds.services.recordings import import_recording, recordings_folder
from feeds.services.replay_checks import recorded_definitions, refuse_empty_replay
from feeds.services.replays import check_symbols, free_slug, make_replay
from feeds.services.table_imports import (
    TableSource,
    apply_table,
    column_names,
    recognise_table,
    try_table,
)
from tests.support.staff import staff

pytestmark = pytest.mark.django_db
PLAYERS = ("add_feed", "add_instrument", "run_feed", "view_recording", "view_feed")


TABLE = ["time,symbol,price,size\n", "1767225601000,NVX,1.01,5\n"]


@pytest.fixture(autouse=True)
def folder(settings, tmp_path: Path) -> Path:
    settings.MARKET_RECORDINGS_DIR = tmp_path / "recordings"
    return settings.MARKET_RECORDINGS_DIR


@pytest.fixture
def recording() -> Recording:
    feed = Feed.objects.create(slug="demo", name="Demo Exchange")
    Instrument.objects.create(
        feed=feed, symbol="NVX", name="Novexa", sector="Technology", reference_price="1"
    )
    return import_recording(feed, "Monday", TABLE, kind=TableKind.TRADES, actor=None)


def recording_feed() -> Feed:
    return Feed.objects.get(slug="demo")


def page_of(recording: Recording) -> str:
    return f"/admin/feeds/recording/{recording.pk}/play/"


def test_a_table_of_coins_becomes_a_feed_that_plays_it(tmp_path: Path) -> None:
    table = tmp_path / "coins.csv"
    table.write_text(
        "time,symbol,price,size\n1767225601000,btc/usd,1.01,0.5\n"
        "1767225602000,BTC/USD,1.02,0.00000001\n1767225603000,m&m,2,3\n"
    )
    found = recognise_table(table, table.name)
    source = TableSource(table, found.layout)
    outcome = try_table(source, plays=True, prefix="R")
    assert "lot sizes: BTC/USD 0.00000001" in outcome.notes
    assert (outcome.rows, outcome.trades) == (3, 3)
    assert (outcome.first_ms, outcome.last_ms) == (1_767_225_601_000, 1_767_225_603_000)
    recording, feed, _ = apply_table(source, "Coins", plays=True, prefix="R", actor=None)
    made = {row.symbol: row.lot_size for row in Instrument.objects.filter(feed=feed)}
    assert made == {"RBTC/USD": Decimal("0.00000001"), "RM&M": 1}
    assert {each.symbol: each.lot_size for each in recorded_definitions(recording)} == {
        "BTC/USD": Decimal("0.00000001"), "M&M": 1,
    }  # fmt: skip
    header = RecordingFile(recordings_folder() / recording.path).header
    assert (header.feed, header.seed) == ("import", 1)
    refuse_empty_replay(feed)
    Instrument.objects.filter(feed=feed).update(lot_size=Decimal("0.1"))
    reason = "has a lot size of 0.00000001, not 0.1"
    with pytest.raises(ChangeRefused, match=reason):
        refuse_empty_replay(feed)


def test_a_bar_is_played_within_its_interval() -> None:
    feed, begin_s = Feed.objects.create(slug="demo", name="Demo"), 1_767_225_600
    Instrument.objects.create(feed=feed, symbol="NVX", name="N", sector="Lab", reference_price="1")
    head = "time,symbol,open,high,low,close,volume\n"
    lines = [head, f"{begin_s}000,NVX,1.01,1.03,1.00,1.02,9\n"]
    ends = [
        import_recording(
            feed, str(interval_s), lines, kind=TableKind.BARS, interval_s=interval_s, actor=None
        ).last_at.timestamp()
        for interval_s in (60, 3600)
    ]
    assert 0 < ends[0] - begin_s < 60 < ends[1] - begin_s < 3600


@pytest.mark.slow
def test_it_is_played_with_what_the_page_proposes(recording):
    client = staff(*PLAYERS)
    shown = client.get(f"/admin/feeds/recording/{recording.pk}/change/").content.decode()
    assert page_of(recording) in shown
    form = client.get(page_of(recording)).context["form"]
    assert form.initial == {"name": "Monday", "symbol_prefix": "R"}
    response = client.post(page_of(recording), form.initial, follow=True)
    assert "Started: Monday." in response.content.decode()
    made = Feed.objects.get(name="Monday")
    assert (made.kind, made.recording, made.state) == ("replay", recording, "RUNNING")
    assert [row.symbol for row in made.instruments.all()] == ["RNVX"]
    assert list(AuditEntry.objects.values_list("action", flat=True)[:2]) == ["start", "add"]


def test_the_list_says_who_plays_it(recording):
    client = staff(*PLAYERS)
    client.post(page_of(recording), {"name": "Again", "symbol_prefix": "R"})
    page = client.get("/admin/feeds/recording/").content.decode()
    mark = 'Again <span class="state" data-is="RUNNING" data-feed="again" data-live="state">Running'
    assert mark in page


def test_symbols_without_a_namesake_need_no_prefix(recording):
    Instrument.objects.all().delete()
    assert staff(*PLAYERS).get(page_of(recording)).context["form"].initial["symbol_prefix"] == ""


def test_a_second_replay_is_offered_another_prefix(recording):
    client = staff(*PLAYERS)
    client.post(page_of(recording), {"name": "One", "symbol_prefix": "R"})
    assert client.get(page_of(recording)).context["form"].initial["symbol_prefix"] == "RR"


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ({"name": "Again", "symbol_prefix": ""}, "Symbols are taken: NVX (on Demo Exchange)"),
        ({"name": "Again", "symbol_prefix": "r-"}, "Capital letters and digits only."),
        ({"name": "", "symbol_prefix": "r"}, "This field is required."),
    ],
)
def test_what_cannot_be_played_is_said_and_nothing_is_made(recording, sent, reason):
    page = staff(*PLAYERS).post(page_of(recording), sent).content.decode()
    assert reason in page
    assert Feed.objects.count() == 1


def test_staff_that_may_not_run_feeds_makes_a_closed_one(recording):
    client = staff(*(name for name in PLAYERS if name != "run_feed"))
    import_recording(recording_feed(), "Tuesday", TABLE, kind=TableKind.TRADES, actor=None)
    answer = client.post(page_of(recording), {"name": "Again", "symbol_prefix": "R"})
    made = Feed.objects.get(name="Again")
    assert (made.state, made.recording) == ("CLOSED", recording)
    assert answer.url == f"/admin/feeds/feed/{made.pk}/change/"
    said = [str(message) for message in answer.wsgi_request._messages]
    assert said == ["Made Again. Somebody who may run feeds can start it."]


@pytest.mark.parametrize("missing", ["add_feed", "add_instrument"])
def test_it_needs_the_permissions_of_what_it_makes(recording, missing):
    client = staff(*(name for name in PLAYERS if name != missing))
    assert client.get(page_of(recording)).status_code == 403
    assert client.post(page_of(recording), {"name": "A", "symbol_prefix": "R"}).status_code == 403
    shown = client.get(f"/admin/feeds/recording/{recording.pk}/change/").content.decode()
    assert page_of(recording) not in shown


def test_a_recording_without_its_file_says_so(recording, folder: Path):
    (folder / recording.path).unlink()
    response = staff(*PLAYERS).get(page_of(recording), follow=True)
    assert "cannot be played" in response.content.decode()


def test_a_replay_is_added_closed_with_its_instruments_and_an_audit_entry(recording) -> None:
    made = recorded_definitions(recording)
    feeds = [
        make_replay(recording, made, name="Monday ⏎ again", prefix=prefix, actor=None)
        for prefix in ("R", "Q", "P")
    ]
    assert [feed.slug for feed in feeds] == ["monday-again", "monday-again-2", "monday-again-3"]
    assert {feed.state for feed in Feed.objects.filter(kind="replay")} == {"CLOSED"}
    assert [row.symbol for row in feeds[1].instruments.all()] == ["QNVX"]
    entry = AuditEntry.objects.latest("pk")
    assert (entry.action, entry.target, entry.before) == ("add", "feed monday-again-3", {})
    facts = {name: entry.after[name] for name in ("recording", "prefix", "state", "instruments")}
    assert facts == {"recording": "Monday", "prefix": "P", "state": "CLOSED", "instruments": 1}


@pytest.mark.parametrize(
    ("name", "prefix", "fault"),
    [
        ("Monday", "", "Symbols are taken: NVX (on Demo Exchange). Choose a prefix"),
        ("Monday", "RRRRRRR", "at most 6 characters"),
        ("Monday", "r-", "Capital letters and digits only"),
        ("M" * 200, "R", "at most"),
    ],
)
def test_a_replay_that_cannot_be_is_not_added(recording, name, prefix, fault) -> None:
    with pytest.raises(ValidationError, match=re.escape(fault)):
        make_replay(
            recording, recorded_definitions(recording), name=name, prefix=prefix, actor=None
        )
    assert Feed.objects.count() == 1


def test_three_of_many_taken_symbols_are_named() -> None:
    feed = Feed.objects.create(slug="other", name="Other")
    rows = [
        Instrument(feed=feed, symbol=symbol, name="A", sector="B", reference_price=Decimal(1))
        for symbol in ("S4", "S2", "S3", "S1")
    ]
    Instrument.objects.bulk_create(rows)
    with pytest.raises(ValidationError, match=r"S1 \(on Other\), S2 \(.*, S3 \([^,]*$"):
        check_symbols(rows)


@pytest.mark.parametrize("name", ["⏎", "", "--"])
def test_a_name_without_letters_still_makes_an_address(name: str) -> None:
    assert free_slug(name) == "replay"


def test_the_address_of_a_long_name_is_cut() -> None:
    assert free_slug("a" * 25 + " monday") == "a" * 25


def test_a_table_whose_symbols_are_taken_leaves_no_recording(recording, tmp_path: Path) -> None:
    table = tmp_path / "monday.csv"
    table.write_text("".join(TABLE))
    source = TableSource(table, recognise_table(table, table.name).layout)
    with pytest.raises(ValidationError, match=r"NVX \(on Demo Exchange\)"):
        try_table(source, plays=True)
    with pytest.raises(ValidationError, match=r"NVX \(on Demo Exchange\)"):
        apply_table(source, "Tuesday", plays=True, actor=None)
    assert [row.name for row in Recording.objects.all()] == ["Monday"]
    made, feed, _ = apply_table(source, "Tuesday", plays=False, actor=None)
    assert (made.name, feed) == ("Tuesday", None)


@pytest.mark.parametrize(("count", "end"), [(10, "S8 0.1, S9 0.1"), (11, "S9 0.1 and 1 more")])
def test_ten_lot_sizes_of_a_table_are_named(tmp_path: Path, count: int, end: str) -> None:
    table = tmp_path / "coins.csv"
    rows = [f"1767225601000,S{number},1.01,0.1\n" for number in range(count)]
    table.write_text("".join([TABLE[0], *rows]))
    source = TableSource(table, recognise_table(table, table.name).layout)
    [note] = [note for note in try_table(source).notes if note.startswith("lot sizes")]
    assert note.endswith(end)
    assert note.startswith("lot sizes: S0 0.1, S1 0.1, ")


@pytest.mark.parametrize("wrong", [{"symbol": "S" * 25}, {"reference_price": Decimal("0.001")}])
def test_an_instrument_that_cannot_be_is_not_added(wrong: dict[str, object]) -> None:
    facts = {"symbol": "S1", "name": "A", "sector": "B", "reference_price": Decimal(1)}
    check_symbols([Instrument(**facts)])
    with pytest.raises(ValidationError):
        check_symbols([Instrument(**facts | wrong)])


def test_some_of_many_instruments_without_a_listing_are_named(tmp_path: Path) -> None:
    table = tmp_path / "seven.csv"
    rows = [f"1767225601000,S{number},1.01,5\n" for number in range(7)]
    table.write_text("".join([TABLE[0], *rows]))
    source = TableSource(table, recognise_table(table, table.name).layout)
    _, feed, _ = apply_table(source, "Seven", plays=True, actor=None)
    feed.instruments.all().delete()
    with pytest.raises(ChangeRefused) as refused:
        refuse_empty_replay(feed)
    assert str(refused.value).endswith("the instruments of Seven (S0, S1, S2, S3, S4)")


@pytest.mark.parametrize(
    ("skips", "has_header", "names"),
    [
        (0, True, ["made by", ""]),
        (1, True, ["time", "price"]),
        (1, False, ["column 1", "column 2"]),
        (2, False, ["column 1", "column 2", "column 3"]),
        (3, True, []),
    ],
)
def test_the_columns_of_a_table_are_named_by_its_header_or_numbered(
    tmp_path: Path, skips: int, has_header: bool, names: list[str]
) -> None:
    table = tmp_path / "table.csv"
    table.write_text("made by,\n time , price\n1,2,3\n")
    assert column_names(table, ",", skips, has_header=has_header) == names
