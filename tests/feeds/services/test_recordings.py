"""Recordings as rows: imported all or nothing, deleted with their files, played by feeds."""

from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client

from dashboard.feed_tasks import open_replay
from feeds.engine.sources import SilentSource
from feeds.exceptions import ChangeRefused, InvalidImport
from feeds.market.events import Trade
from feeds.models import AuditEntry, Feed, Instrument, Recording
from feeds.plan.plans import FeedKind, Playback
from feeds.recordings.layout import TableKind
from feeds.recordings.reader import RecordingFile
from feeds.recordings.replay import Replay
from feeds.services import feeds as services
from feeds.services.recordings import delete_recording, import_recording

pytestmark = pytest.mark.django_db
FIRST_S = 1_767_225_601
"""2026-01-01T00:00:01Z."""
TABLE = f"time,symbol,price,size\n{FIRST_S}000,NVX,1.01,5\n{FIRST_S + 60}000,NVX,1.02,5\n"
LATER = f"{FIRST_S + 60}001,NVX,1.02,5\n"
IMPORT = "/admin/feeds/recording/add/"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path: Path) -> Path:
    settings.MARKET_RECORDINGS_DIR = tmp_path / "recordings"
    return settings.MARKET_RECORDINGS_DIR


@pytest.fixture(autouse=True)
def feed() -> Feed:
    feed = Feed.objects.create(slug="demo", name="Demo Exchange")
    Instrument.objects.create(
        feed=feed, symbol="NVX", name="Novexa", sector="Technology", reference_price="1"
    )
    return feed


def imported(feed: Feed, name: str = "Monday", text: str = TABLE) -> Recording:
    lines = text.splitlines(keepends=True)
    return import_recording(feed, name, lines, kind=TableKind.TRADES, actor=None)


def signed_in(*permissions: str) -> Client:
    user = User.objects.create_user(f"user{User.objects.count()}", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def upload(client: Client, feed: Feed | None, content: str | bytes = TABLE, name: str = "a.csv"):
    raw = content if isinstance(content, bytes) else content.encode()
    sent = {"name": "Monday", "feed": feed.pk if feed else ""}
    return client.post(IMPORT, sent | {"table": SimpleUploadedFile(name, raw)})


def post(client: Client, feed: Feed | None, content: str | bytes = TABLE, **changes: object):
    """Upload a file, and import it with the mapping that the page shows."""
    page = upload(client, feed, content)
    if page.status_code != 200 or "mapping" not in page.context:
        return page
    values = {field.name: field.value() for field in page.context["mapping"]}
    sent = {name: value for name, value in values.items() if value not in (None, False)}
    return client.post(IMPORT, sent | {"action": "import"} | changes)


def files(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()] if folder.exists() else []


# --- import ---------------------------------------------------------------------------------


def test_an_import_is_a_row_a_file_and_an_audit_entry(feed: Feed, folder: Path) -> None:
    row = imported(feed)
    assert files(folder) == [row.path]
    assert (row.ticks, row.origin, row.first_at.timestamp(), row.last_at.timestamp()) == (
        2, "imported", FIRST_S, FIRST_S + 60,
    )  # fmt: skip
    events = list(RecordingFile(folder / row.path).events())
    assert [event.price_ticks for event in events if isinstance(event, Trade)] == [101, 102]
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.target, entry.after["ticks"]) == ("add", "recording Monday", 2)


@pytest.mark.slow
def test_an_import_with_a_bad_row_leaves_nothing(feed: Feed, folder: Path) -> None:
    with pytest.raises(InvalidImport, match="1 row is wrong"):
        imported(feed, text=TABLE + LATER * 50_000 + "x,NVX,1,1\n")
    assert files(folder) == []
    assert not Recording.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("name", ["", "x" * 81, "Monday"])
def test_a_name_that_cannot_be_leaves_nothing(feed: Feed, folder: Path, name: str) -> None:
    imported(feed)
    with pytest.raises(ValidationError):
        imported(feed, name)
    assert Recording.objects.count() == 1
    assert len(files(folder)) == 1


def test_a_row_that_cannot_be_written_takes_its_file_with_it(
    feed: Feed, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise RuntimeError("no audit, no change")

    monkeypatch.setattr("feeds.services.recordings.record", refuse)
    with pytest.raises(RuntimeError):
        imported(feed)
    assert files(folder) == []
    assert not Recording.objects.exists()


def test_names_of_any_letters_make_paths_that_stay_in_the_folder(feed: Feed, folder: Path) -> None:
    for name in ("../../etc/passwd", "Grüße 東京", "/", "a" * 80, "."):
        row = imported(feed, name)
        row.full_clean()
        assert (folder / row.path).parent == folder


@pytest.mark.parametrize(
    "path", ["../a.parquet", "/a.parquet", "a/../b.parquet", "a.csv", "A\n", ""]
)
def test_a_path_out_of_the_folder_is_no_row(feed: Feed, path: str) -> None:
    row = imported(feed)
    row.path = path
    with pytest.raises(ValidationError) as caught:
        row.full_clean()
    assert "path" in caught.value.message_dict


def test_a_recording_goes_with_its_file(
    feed: Feed, folder: Path, django_capture_on_commit_callbacks
) -> None:
    row = imported(feed)
    with django_capture_on_commit_callbacks(execute=True):
        delete_recording(row, actor=None)
        assert files(folder)
    assert files(folder) == []
    assert AuditEntry.objects.first().before["name"] == "Monday"


def test_a_recording_goes_also_if_its_file_is_gone_already(
    feed: Feed, folder: Path, django_capture_on_commit_callbacks
) -> None:
    row = imported(feed)
    (folder / row.path).unlink()
    with django_capture_on_commit_callbacks(execute=True):
        delete_recording(row, actor=None)
    assert not Recording.objects.exists()


def test_a_recording_that_is_played_stays(feed: Feed, folder: Path) -> None:
    row = imported(feed)
    feed.kind, feed.recording = "replay", row
    services.save_feed(feed, actor=None)
    with pytest.raises(ChangeRefused, match="Monday is played by Demo Exchange"):
        delete_recording(row, actor=None)
    assert files(folder)


# --- feeds that play ------------------------------------------------------------------------


def test_a_feed_that_plays_has_a_plan_and_an_audit_entry(feed: Feed) -> None:
    feed.kind, feed.recording, feed.speed, feed.loops = "replay", imported(feed), 2.5, True
    feed.start_s, feed.prefix = 30.0, "R"
    assert services.save_feed(feed, actor=None)
    plan = Feed.objects.get().plan()
    assert plan.kind is FeedKind.REPLAY
    path = Recording.objects.get().path
    assert plan.playback == Playback(path=path, speed=2.5, loops=True, start_s=30.0, prefix="R")
    after = AuditEntry.objects.first().after
    assert (after["kind"], after["recording"], after["speed"]) == ("replay", "Monday", 2.5)
    assert isinstance(open_replay(plan), Replay)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("recording", None), ("speed", 0.09), ("speed", 60.5), ("speed", float("nan"))),
        *(("start_s", -1.0), ("start_s", 60.0), ("start_s", float("inf"))),
        *(("prefix", "r!"), ("prefix", "../"), ("prefix", "ABCDEFG"), ("kind", "magic")),
    ],
)
def test_a_feed_that_cannot_play_is_refused(feed: Feed, field: str, value: object) -> None:
    feed.kind, feed.recording = "replay", imported(feed)
    setattr(feed, field, value)
    with pytest.raises(ValidationError) as caught:
        services.save_feed(feed, actor=None)
    assert field in caught.value.message_dict
    assert Feed.objects.get().kind == "simulated"


def test_a_prefix_is_typed_in_small_letters_too(feed: Feed) -> None:
    feed.kind, feed.recording, feed.prefix = "replay", imported(feed), " r"
    services.save_feed(feed, actor=None)
    assert Feed.objects.get().prefix == "R"


def test_the_database_refuses_a_replay_of_nothing(feed: Feed) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Feed.objects.update(kind="replay")


def test_a_recording_without_its_file_is_silent(feed: Feed, folder: Path) -> None:
    feed.kind, feed.recording = "replay", imported(feed)
    (folder / feed.recording.path).unlink()
    silence = open_replay(feed.plan())
    assert isinstance(silence, SilentSource)
    silence.plan(feed.plan())
    assert "there is no recording" in silence.draw(0)[0].reason


# --- the admin ------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_form_imports_for_those_who_may(feed: Feed) -> None:
    client = signed_in("add_recording", "view_recording", "view_feed")
    assert b"CSV file" in client.get(IMPORT).content
    assert post(client, feed).status_code == 302
    assert Recording.objects.get().name == "Monday"
    assert AuditEntry.objects.get().actor is not None


def test_the_form_is_closed_to_those_who_may_not(feed: Feed) -> None:
    others = Permission.objects.exclude(codename="add_recording")
    client = signed_in(*others.values_list("codename", flat=True))
    assert client.get(IMPORT).status_code == 403
    assert post(client, feed).status_code == 403
    assert not Recording.objects.exists()


def test_the_form_is_closed_to_another_site(feed: Feed) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("root"))
    assert post(client, feed).status_code == 403


@pytest.mark.slow
def test_the_form_tells_what_is_wrong(feed: Feed, folder: Path) -> None:
    late = TABLE + f"x,NVX,1.01,5\n{FIRST_S}000,NVX,1.01,5\n"
    page = post(signed_in("add_recording"), feed, late, sorts="")
    text = page.content.decode()
    assert "Nothing was imported" in text
    assert "2 rows are wrong" in text
    assert "line 4: time was &#x27;x&#x27;" in text
    assert "line 5: its time is before" in text
    assert files(folder) == ["uploads"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfet\x00i\x00", "Choose a column for time"),
        (
            TABLE.encode() + LATER.encode().replace(b"NVX", b"NV\xff"),
            "is no instrument of feed demo",
        ),
        (b"", "The submitted file is empty"),
    ],
)
def test_the_form_tells_what_is_no_text(feed: Feed, content: bytes, message: str) -> None:
    assert message in post(signed_in("add_recording"), feed, content).content.decode()


@pytest.mark.slow
def test_the_form_refuses_a_name_that_is_taken(feed: Feed) -> None:
    imported(feed)
    page = post(signed_in("add_recording"), feed)
    assert "Recording with this Name already exists" in page.content.decode()


def test_a_file_that_is_too_large_is_refused(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feeds.admin.table_forms.MOST_BYTES", 10)
    page = post(signed_in("add_recording"), feed)
    assert "larger than 10 bytes" in page.content.decode()


@pytest.mark.slow
def test_a_byte_order_mark_is_no_part_of_the_first_name(feed: Feed) -> None:
    assert post(signed_in("add_recording"), feed, "\ufeff" + TABLE).status_code == 302


def test_nobody_edits_a_recording_and_the_list_shows_it(feed: Feed) -> None:
    row = imported(feed)
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    assert b"Monday" in client.get("/admin/feeds/recording/").content
    client.post(f"/admin/feeds/recording/{row.pk}/change/", {"name": "Stolen"})
    assert Recording.objects.get().name == "Monday"


def test_the_admin_deletes_through_the_service(feed: Feed) -> None:
    row = imported(feed)
    client = signed_in("delete_recording", "view_recording")
    client.post(f"/admin/feeds/recording/{row.pk}/delete/", {"post": "yes"})
    assert not Recording.objects.exists()
    assert AuditEntry.objects.first().action == "delete"


# --- commands -------------------------------------------------------------------------------


def test_the_command_imports(feed: Feed, tmp_path: Path, capsys) -> None:
    (tmp_path / "a.csv").write_text("\ufeff" + TABLE)
    call_command("import_recording", str(tmp_path / "a.csv"), feed="demo", name="Monday")
    assert "Monday: 2 trades in monday-" in capsys.readouterr().out


def test_the_command_says_what_it_left_out(feed: Feed, tmp_path: Path, capsys) -> None:
    rows = "".join(
        f"{(FIRST_S // 60 + at) * 60_000},NVX,1.01,1.02,1.00,1.01,{volume},x\n"
        for at, volume in enumerate((5, 0, 0, 5))
    )
    (tmp_path / "a.csv").write_text("time,symbol,open,high,low,close,volume,vwap\n" + rows)
    path = str(tmp_path / "a.csv")
    call_command("import_recording", path, feed="demo", name="Monday", kind="bars", interval=60)
    out = capsys.readouterr().out.splitlines()
    assert "bars without volume that were left out: 2" in out
    assert "columns not used: 'vwap'" in out


@pytest.mark.slow
def test_the_command_tells_each_cause_once(feed: Feed, tmp_path: Path, capsys) -> None:
    (tmp_path / "a.csv").write_text(TABLE + "x,NVX,1.01,5\n" * 120)
    with pytest.raises(CommandError, match="120 rows are wrong, so nothing was imported"):
        call_command("import_recording", str(tmp_path / "a.csv"), feed="demo", name="Monday")
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("line 4: time was 'x'")
    assert "120 rows like this to line 123" in line
    assert not Recording.objects.exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"feed": "none"}, "there is no feed 'none'"),
        ({"name": ""}, "nothing was imported"),
        ({"interval": 0}, "--interval was 0"),
        ({"table": "nowhere.csv"}, "nothing was imported"),
    ],
)
def test_the_command_refuses(feed: Feed, tmp_path: Path, changes: dict, message: str) -> None:
    (tmp_path / "a.csv").write_text(TABLE)
    options = {"table": str(tmp_path / "a.csv"), "feed": "demo", "name": "Monday"} | changes
    with pytest.raises(CommandError, match=message):
        call_command("import_recording", options.pop("table"), **options)


def test_record_switches_on_and_off_and_waits(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feeds.management.commands.record.PATIENCE_S", 0.0)
    with pytest.raises(CommandError, match="nobody recorded Demo Exchange"):
        call_command("record", "demo", seconds=0.0)
    assert [entry.action for entry in AuditEntry.objects.all()] == ["stop recording", "record"]
    feed.is_recorded = True
    feed.save()
    with pytest.raises(CommandError, match="is recorded already"):
        call_command("record", "demo", seconds=0.0)
    with pytest.raises(CommandError, match="there is no feed"):
        call_command("record", "none")


# --- the way from a file to a replay --------------------------------------------------------

KLINES = "\n".join(
    f"{FIRST_S - 1 + n * 60}000,100.1,100.5,99.9,100.2,12.345,{FIRST_S + n * 60}000,1,4,6,6,0"
    for n in range(3)
)


@pytest.mark.slow
def test_a_file_is_a_replay_that_starts_after_three_clicks(feed: Feed) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    page = upload(client, None, KLINES, "BTCUSDT-1m-2026-01.csv")
    assert "Recognised: Binance klines" in page.content.decode()
    assert "3 rows would give 12 trades" in page.content.decode()
    assert not Recording.objects.exists()
    values = {field.name: field.value() for field in page.context["mapping"]}
    sent = {name: value for name, value in values.items() if value not in (None, False)}
    done = client.post(IMPORT, sent | {"action": "import", "symbol_prefix": "R"})
    replay = Feed.objects.get(kind="replay")
    assert done.url == f"/admin/feeds/feed/{replay.pk}/change/"
    assert (replay.state, replay.recording.name) == ("CLOSED", "Monday")
    assert [str(row) for row in replay.instruments.all()] == ["RBTCUSDT"]
    assert services.start_feed(replay, actor=None)
    events = open_replay(Feed.objects.get(pk=replay.pk).plan())
    assert isinstance(events, Replay)


@pytest.mark.slow
def test_a_taken_symbol_asks_for_a_prefix_before_anything_is_made(feed: Feed, folder: Path) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    page = upload(client, None)
    assert "NVX (on Demo Exchange). Choose a prefix" in page.content.decode()
    assert Feed.objects.count() == 1
    assert not Recording.objects.exists()


@pytest.mark.slow
def test_staff_that_may_not_add_feeds_makes_no_replay(feed: Feed) -> None:
    client = signed_in("add_recording")
    assert post(client, feed, plays="on", symbol_prefix="R").status_code == 302
    assert Recording.objects.exists()
    assert Feed.objects.count() == 1


@pytest.mark.slow
def test_an_upload_is_of_one_person(feed: Feed) -> None:
    page = upload(signed_in("add_recording"), feed)
    sent = {"key": page.context["mapping"]["key"].value(), "action": "import"}
    answer = signed_in("add_recording").post(IMPORT, sent, follow=True)
    assert "This upload is too old" in answer.content.decode()


@pytest.mark.parametrize("key", ["", "../../x", "a" * 32, "a/" * 16])
def test_a_key_that_is_none_finds_no_file(feed: Feed, key: str) -> None:
    answer = signed_in("add_recording").post(IMPORT, {"key": key}, follow=True)
    assert "This upload is too old" in answer.content.decode()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"prefix": "Q"}, "it lists none of the instruments of Monday .QNVX."),
        ({"tick_size": "0.5"}, "NVX has a tick size of 0.01, not 0.5, in Monday"),
        ({"path": "gone.parquet"}, "there is no recording gone.parquet"),
    ],
)
def test_a_replay_of_nothing_is_not_started(feed: Feed, changes: dict, reason: str) -> None:
    row = imported(feed)
    Feed.objects.update(kind="replay", recording=row, prefix=changes.get("prefix", ""))
    Instrument.objects.update(tick_size=changes.get("tick_size", "0.01"))
    Recording.objects.update(path=changes.get("path", row.path))
    services.close_feed(Feed.objects.get(), actor=None)
    with pytest.raises(ChangeRefused, match=reason):
        services.start_feed(Feed.objects.get(), actor=None)
    assert Feed.objects.get().state == "CLOSED"


def test_the_command_recognises_and_takes_options(feed: Feed, tmp_path: Path, capsys) -> None:
    (tmp_path / "NVX.csv").write_text(f"Time;Price;Qty\n{FIRST_S};1,01;5\n")
    path = str(tmp_path / "NVX.csv")
    with pytest.raises(CommandError, match="1 row is wrong, so nothing was imported"):
        call_command("import_recording", path, feed="demo", name="Monday")
    assert "the columns seem to be separated by semicolons" in capsys.readouterr().err
    call_command("import_recording", path, feed="demo", name="Monday", recognise=True)
    assert "Monday: 1 trades" in capsys.readouterr().out
