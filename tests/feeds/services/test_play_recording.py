"""A recording is played from its page: a feed with its instruments, started at once."""

from pathlib import Path

import pytest

from feeds.models import AuditEntry, Feed, Instrument, Recording
from feeds.recordings.layout import TableKind
from feeds.services.recordings import import_recording
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


def page_of(recording: Recording) -> str:
    return f"/admin/feeds/recording/{recording.pk}/play/"


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
    assert "Again (running)" in client.get("/admin/feeds/recording/").content.decode()


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
        ({"name": "", "symbol_prefix": "R"}, "This field is required."),
    ],
)
def test_what_cannot_be_played_is_said_and_nothing_is_made(recording, sent, reason):
    page = staff(*PLAYERS).post(page_of(recording), sent).content.decode()
    assert reason in page
    assert Feed.objects.count() == 1


def test_who_may_not_run_feeds_makes_a_closed_one(recording):
    client = staff(*(name for name in PLAYERS if name != "run_feed"))
    client.post(page_of(recording), {"name": "Again", "symbol_prefix": "R"})
    assert Feed.objects.get(name="Again").state == "CLOSED"


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
