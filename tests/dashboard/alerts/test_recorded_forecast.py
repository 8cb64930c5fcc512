"""A forecast from a recording is what fires when the recording is replayed."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from math import inf
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.auth.models import User
from msgspec.structs import replace

from dashboard.alerts import recorded_hindsight as module
from dashboard.alerts.hindsight import _rule, hindsight
from dashboard.alerts.rules import PRICES, Condition, Frequency, Kind, Match, Rule
from dashboard.alerts.services import AlertFacts, make_alert
from dashboard.alerts.watch import AlertWatch
from dashboard.alerts.wording import firing_text
from dashboard.models import AlertFiring
from feeds.clock import SystemClock
from feeds.engine.checkpoint import VERSION, Checkpoint, FeedCheckpoint, pack_checkpoint
from feeds.engine.engine import DRAW_STEP_MS, Engine
from feeds.engine.virtual_clock import BATCH_MS, START_MS, demo_plan
from feeds.market.events import Event, FeedState, Listing, Phase, Side, Status, Trade
from feeds.models import Feed, Instrument, MarketCheckpoint, Recording, StoredBar
from feeds.plan.calendars import EXCHANGES, Calendar
from feeds.plan.plans import FeedKind
from feeds.recordings.folder import replay_of
from feeds.recordings.header import Origin
from feeds.recordings.state import ReplayState
from feeds.services.bars import close_thread
from feeds.services.recordings import save_recording
from feeds.simulator.simulator import Simulator
from tests.support.entitlements import entitle

BEGIN_MS = 1_800_000_000_000
"""When the recording is replayed: a whole second, as the forecast assumes."""
KINDS = {
    Kind.ABOVE: ("0", 0), Kind.BELOW: ("0", 0), Kind.CROSSES_UP: ("0", 0),
    Kind.CROSSES_DOWN: ("0", 0), Kind.RISES: ("0.2", 60), Kind.FALLS: ("0.2", 300),
    Kind.ABOVE_VWAP: ("0.1", 0), Kind.BELOW_VWAP: ("0.1", 0), Kind.NEAR_HIGH: ("0.1", 0),
    Kind.NEAR_LOW: ("0.1", 0), Kind.VOLUME_SPIKE: ("1.5", 0), Kind.HALT: ("0", 0),
    Kind.STALE: ("0.3", 0),
}  # fmt: skip
"""Value and window of each condition; prices are compared with the middle of the recording."""
SPAN = "in the 3 min of the recording “Monday”, tick by tick."
DAYS = Calendar(EXCHANGES["XNYS"], date(2026, 1, 5))
HOW = {
    "once": {"frequency": Frequency.ONCE},
    "once per bar": {"frequency": Frequency.ONCE_PER_BAR},
    "every time": {"frequency": Frequency.EVERY_TIME},
    "cooldown": {"frequency": Frequency.EVERY_TIME, "cooldown_s": 10},
    "bar and cooldown": {"frequency": Frequency.ONCE_PER_BAR, "cooldown_s": 10},
    "hysteresis": {"frequency": Frequency.EVERY_TIME, "hysteresis_percent": Decimal("0.1")},
}


def recorded_events(seconds: int) -> list[Event]:
    """Return a market of short days with a halt, as it was recorded."""
    plan = demo_plan(DAYS, seed=3, rate=100.0, instruments=12, day_ms=120_000)
    engine = Engine(epoch="recorded", open_source=lambda plan: Simulator(plan.seed))
    symbol = plan.definitions[0].symbol
    events = list(engine.reconcile([plan], START_MS).events)
    for now_ms in range(START_MS, START_MS + seconds * 1000, BATCH_MS):
        passed_s = (now_ms - START_MS) // 1000
        halts = {symbol: "News"} if passed_s % 100 in range(40, 46) else {}
        if halts != plan.halts:
            plan = replace(plan, halts=halts)
            events += engine.reconcile([plan], now_ms).events
        events += engine.step(now_ms).events
    return events


@pytest.fixture(autouse=True)
def folder(settings, tmp_path: Path) -> Path:
    settings.MARKET_RECORDINGS_DIR = tmp_path
    return tmp_path


@pytest.fixture
def feed() -> Feed:
    """Return a feed that replays the recording of its own instruments."""
    feed = Feed.objects.create(slug="demo", name="Demo Exchange")
    events = recorded_events(180)
    plan = demo_plan(DAYS, seed=3, rate=100.0, instruments=12)
    for each in plan.definitions:
        Instrument.objects.create(
            feed=feed, symbol=each.symbol, name=each.name, sector=each.sector,
            tick_size=each.tick_size, reference_price=each.reference_ticks * each.tick_size,
        )  # fmt: skip
    feed.recording = save_recording("Monday", [events], feed=feed, actor=None)
    feed.kind, feed.state = FeedKind.REPLAY.value, FeedState.RUNNING.value
    feed.save()
    return feed


def instrument_of(feed: Feed) -> Instrument:
    symbol = demo_plan(DAYS, seed=3, rate=100.0, instruments=12).definitions[0].symbol
    return Instrument.objects.get(symbol=symbol)


def middle_of(feed: Feed) -> Decimal:
    row = instrument_of(feed)
    replay = replay_of(feed.plan(), module.recordings_folder())
    prices = [
        event.price_ticks
        for event in replay._recording.events()
        if isinstance(event, Trade) and event.symbol == row.symbol
    ]
    return sorted(prices)[len(prices) // 2] * row.tick_size


def facts(feed: Feed, middle: Decimal, kind: Kind, how: dict[str, object]) -> AlertFacts:
    value, window_s = KINDS[kind]
    price = middle if kind in PRICES else Decimal(value)
    condition = Condition(kind, price, window_s)
    return AlertFacts(symbol=instrument_of(feed).symbol, conditions=(condition,), **how)


class SetClock(SystemClock):
    wall_ms = BEGIN_MS

    def now_ms(self) -> int:
        return self.wall_ms


async def replayed(feed: Feed) -> dict[int, list[tuple[int, str]]]:
    """Replay the recording with the alerts that are stored; return the firings that are stored."""
    plan = await sync_to_async(feed.plan)()
    engine = Engine(
        epoch="replayed", open_source=lambda plan: replay_of(plan, module.recordings_folder())
    )
    clock = SetClock()
    watch = AlertWatch(epoch="replayed", clock=clock)
    await watch.begin()
    watch.observe(engine.reconcile([plan], BEGIN_MS))
    for now_ms in range(BEGIN_MS, BEGIN_MS + 200_000, DRAW_STEP_MS):
        clock.wall_ms = now_ms
        batch = engine.step(now_ms)
        if batch.events or now_ms % 1000 == 0:
            watch.observe(batch)
    with ThreadPoolExecutor(1) as thread:
        await watch._store(thread)
        await asyncio.wrap_future(thread.submit(close_thread))
    found: dict[int, list[tuple[int, str]]] = {}
    async for firing in AlertFiring.objects.order_by("id"):
        at_ms = round(firing.fired_at.timestamp() * 1000) - BEGIN_MS
        found.setdefault(firing.alert_id, []).append((at_ms, firing.text))
    return found


def course(feed: Feed, asked: AlertFacts) -> list[tuple[int, str]]:
    row = instrument_of(feed)
    found = module._judge(_rule(row.symbol, asked), row, feed.plan(), inf)
    assert found is not None
    assert found.is_whole
    return [(f.at_ms - found.start_ms, firing_text(f)) for f, _ in found.firings]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_forecast_is_what_fires_when_the_recording_is_replayed(feed) -> None:
    ada = User.objects.create_user(username="ada")
    middle = middle_of(feed)
    expected: dict[int, list[tuple[int, str]]] = {}
    for kind in KINDS:
        for name, how in HOW.items():
            asked = facts(feed, middle, kind, how)
            alert = make_alert(ada, asked)
            found = course(feed, asked)
            assert found, f"{kind} {name} never fires"
            expected[alert.pk] = found
            said = hindsight(ada, asked).text
            times = "once" if len(found) == 1 else f"{len(found)} times"
            assert said == f"Would have fired {times} {SPAN}"
    assert sum(map(len, expected.values())) > 300
    assert async_to_sync(replayed)(feed) == expected


# --- rights and limits --------------------------------------------------------------------------
EVERY_TICK = {"frequency": Frequency.EVERY_TIME}


@pytest.fixture
def small() -> Feed:
    """Return a feed that replays four trades, a minute apart."""
    feed = Feed.objects.create(slug="demo", name="Demo Exchange", is_restricted=True)
    row = Instrument.objects.create(
        feed=feed, symbol="NVX", name="Novexa", sector="Energy", reference_price=Decimal(100)
    )
    feed.recording = save_recording("Tuesday", [reel(row)], feed=feed, actor=None)
    feed.kind, feed.state = FeedKind.REPLAY.value, FeedState.RUNNING.value
    feed.save()
    return feed


def reel(row: Instrument, *, first_ms: int = START_MS, gap_ms: int = 60_000) -> list[Event]:
    """Return a price that goes above 100, back and above again, twice each."""
    events: list[Event] = [
        Listing("demo", row.definition(), first_ms),
        Status(row.symbol, Phase.OPEN, "", first_ms, 1),
    ]
    for index, price in enumerate((9_900, 10_100, 9_900, 10_100, 9_900)):
        at_ms = first_ms + index * gap_ms
        events.append(Trade(row.symbol, price, 1, Side.BUY, at_ms, at_ms))
    return events


ASKED = AlertFacts(
    symbol="NVX", conditions=(Condition(Kind.CROSSES_UP, Decimal(100)),), **EVERY_TICK
)


def place_of(feed: Feed, recorded_s: float) -> None:
    """Let the market have replayed so much of the recording."""
    playback = feed.playback()
    assert playback is not None
    place = ReplayState(playback, 5, START_MS + recorded_s * 1000, 0, 0, "")
    left = {feed.slug: FeedCheckpoint(FeedState.RUNNING, place, None)}
    content = pack_checkpoint(Checkpoint(VERSION, 1, left, {}))
    MarketCheckpoint.objects.update_or_create(pk=1, defaults={"content": content})


def reader(minutes: int | None) -> User:
    user = User.objects.create_user("ada")
    if minutes is not None:
        entitle(user, minutes)
    return user


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("minutes", "replayed_s", "places"),
    [
        (0, 0, [60, 180]),
        (1, 30, []),
        (1, 119, []),
        (1, 121, [60]),
        (1, 239, [60]),
        (1, 241, [60, 180]),
        (1, None, []),
        (None, 241, None),
    ],
)
def test_a_delayed_person_learns_of_nothing_early(small, minutes, replayed_s, places) -> None:
    user = reader(minutes)
    if replayed_s is not None:
        place_of(small, replayed_s)
    found = hindsight(user, ASKED)
    if places is None:
        assert found == ("No instrument is called NVX.", ())
    else:
        assert [(at_ms - START_MS) / 1000 for at_ms in found.places] == places
        assert ("2 times" in found.text) is (len(places) == 2)


@pytest.mark.django_db
def test_bars_add_no_place_within_the_time_that_was_recorded(small) -> None:
    Feed.objects.update(kind=FeedKind.SIMULATED.value, recording=None)
    instrument = small.instruments.get()
    for minute in range(-4, 5):
        price = 10_100 if minute % 2 else 9_900
        StoredBar.objects.create(
            instrument=instrument, interval="1m", start_ms=START_MS + minute * 60_000,
            open=price, high=price, low=price, close=price, volume=1, trades=1, recorded_ms=1,
        )  # fmt: skip
    found = hindsight(reader(0), ASKED)
    assert [(at_ms - START_MS) / 60_000 for at_ms in found.places] == [-3, -1, 1, 3]


def store_bar(row: Instrument, minutes: int, price: int, *, recorded_ms: int = 1) -> None:
    StoredBar.objects.create(
        instrument=row, interval="1m", start_ms=START_MS + minutes * 60_000, open=price,
        high=price, low=price, close=price, volume=1, trades=1, recorded_ms=recorded_ms,
    )  # fmt: skip


NONE = "Would not have fired in the last 10 min, as far as bars of a minute tell."


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("prices", "text"),
    [
        ([9_900] * 10, NONE),
        ([9_900, *[10_100] * 9], "Would have fired about once in the last 10 min."),
        ([9_900, 10_100] * 5, "Would have fired about 5 times in the last 10 min."),
    ],
)
def test_bars_say_about_how_often(small, folder, prices, text) -> None:
    Feed.objects.update(kind=FeedKind.SIMULATED.value, recording=None)
    Recording.objects.all().delete()
    for minute, price in enumerate(prices):
        store_bar(small.instruments.get(), minute, price)
    assert hindsight(reader(0), ASKED).text == text


@pytest.mark.django_db
@pytest.mark.parametrize(("minutes", "places"), [(0, [6 * 1440 + 1]), (1, [1, 3]), (None, None)])
def test_of_bars_too_a_delayed_person_learns_nothing_early(small, minutes, places) -> None:
    """What is not told yet does not move the days that count, either."""
    Feed.objects.update(kind=FeedKind.SIMULATED.value, recording=None)
    Recording.objects.all().delete()
    row, now_ms = small.instruments.get(), SystemClock().now_ms()
    for minute in range(5):
        store_bar(row, minute, 10_100 if minute % 2 else 9_900, recorded_ms=now_ms - 70_000)
    for minute in range(3):
        price = 10_100 if minute % 2 else 9_900
        store_bar(row, 6 * 1440 + minute, price, recorded_ms=now_ms - 20_000)
    found = hindsight(reader(minutes), ASKED)
    assert [(at_ms - START_MS) // 60_000 for at_ms in found.places] == (places or [])
    assert ("No instrument" in found.text) is (places is None)


def test_a_forecast_is_of_all_that_was_asked() -> None:
    asked = AlertFacts(
        symbol="NVX", conditions=ASKED.conditions, match=Match.ANY, cooldown_s=90,
        frequency=Frequency.ONCE_PER_BAR, hysteresis_percent=Decimal("2.5"),
    )  # fmt: skip
    assert _rule("NVX~15", asked) == Rule(
        id=0, revision=0, keys=("NVX~15",), conditions=ASKED.conditions, match=Match.ANY,
        frequency=Frequency.ONCE_PER_BAR, cooldown_ms=90_000, hysteresis=Decimal("0.025"),
    )  # fmt: skip


@pytest.mark.django_db
def test_a_faster_replay_was_seen_further_in_the_same_delay(small) -> None:
    small.speed = 60
    small.save()
    place_of(small, 3600 + 61)
    assert len(hindsight(reader(1), ASKED).places) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(("minutes", "count"), [(0, 2), (1, 1), (5, 0)])
def test_a_recording_of_a_running_feed_tells_exactly(minutes, count) -> None:
    feed = Feed.objects.create(slug="demo", name="Demo Exchange", is_restricted=True)
    row = Instrument.objects.create(
        feed=feed, symbol="NVX", name="Novexa", sector="Energy", reference_price=Decimal(100)
    )
    now_ms = SystemClock().now_ms()
    # The crossings were 135 and 45 s ago.
    events = reel(row, first_ms=now_ms - 180_000, gap_ms=45_000)
    save_recording("Live", [events], feed=feed, actor=None)
    found = hindsight(reader(minutes), ASKED)
    assert len(found.places) == count
    assert "“Live”" in found.text


@pytest.mark.django_db
@pytest.mark.parametrize("changes", [{"slug": "other"}, {"tick_size": Decimal("0.05")}, {}])
def test_a_recording_of_another_feed_or_in_other_units_tells_nothing(small, changes) -> None:
    Feed.objects.update(kind=FeedKind.SIMULATED.value, recording=None)
    user = reader(0)
    rows = Feed.objects if "slug" in changes else Instrument.objects
    rows.update(**changes)
    found = hindsight(user, ASKED)
    assert (len(found.places) == 2) is (not changes)


@pytest.mark.django_db
def test_what_was_imported_never_happened_on_a_running_feed(small) -> None:
    Feed.objects.update(kind=FeedKind.SIMULATED.value, recording=None)
    Recording.objects.update(origin=Origin.IMPORTED.value)
    found = hindsight(reader(0), ASKED)
    assert found == ("No bars of NVX are stored yet, so there is no forecast.", ())


@pytest.mark.django_db
def test_a_recording_that_takes_too_long_says_so(small, monkeypatch) -> None:
    monkeypatch.setattr(module, "LONGEST_S", -1.0)
    found = hindsight(reader(0), ASKED)
    assert found.text.endswith("The rest would take too long to judge.")
    assert found.places == ()


@pytest.mark.django_db
def test_too_many_firings_end_the_forecast(small, monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_FIRINGS", 1)
    found = hindsight(reader(0), ASKED)
    assert found.text.endswith("The rest would take too long to judge.")
    assert len(found.places) == 1


@pytest.mark.django_db
def test_a_recording_that_is_gone_says_so_and_bars_are_asked(small, folder) -> None:
    for path in folder.iterdir():
        path.unlink()
    found = hindsight(reader(0), ASKED)
    assert "cannot be judged" in found.text
    assert "No bars of NVX are stored yet" in found.text


@pytest.mark.django_db
def test_a_replayed_instrument_may_have_a_prefix(small) -> None:
    small.prefix = "R"
    small.save()
    Instrument.objects.update(symbol="RNVX")
    assert len(hindsight(reader(0), replace(ASKED, symbol="RNVX")).places) == 2


@pytest.mark.django_db
def test_while_another_forecast_takes_too_long_nobody_waits_for_ever(small, monkeypatch) -> None:
    monkeypatch.setattr(module, "LONGEST_S", 0.0)
    with module._one_at_a_time:
        found = hindsight(reader(0), ASKED)
    text = "Others make forecasts at this moment. Try again in a few seconds."
    assert found.text.startswith(text)
    assert not module._one_at_a_time.locked()


@pytest.mark.django_db
def test_a_recording_without_the_instrument_tells_nothing(small) -> None:
    Feed.objects.update(kind=FeedKind.SIMULATED.value, recording=None)
    Instrument.objects.update(symbol="ORB")
    found = hindsight(reader(0), replace(ASKED, symbol="ORB"))
    assert found == ("No bars of ORB are stored yet, so there is no forecast.", ())


def test_a_forecast_rests_after_its_work_and_ends_in_time(monkeypatch) -> None:
    clock, rests = SetClock(), []
    clock.monotonic = lambda: clock.now_s  # type: ignore[method-assign]
    clock.now_s = 100.0  # type: ignore[attr-defined]
    monkeypatch.setattr(module.time, "sleep", lambda seconds: rests.append((clock.now_s, seconds)))
    budget, answers = module.Budget(clock, 3), []
    for clock.now_s in (100.01, 100.02, 100.03, 100.041, 100.043, 102.9, 103):
        answers.append(budget.goes_on())
    assert answers == [True] * 6 + [False]
    assert rests == [(100.02, 0.002), (100.043, 0.002), (102.9, 0.002), (103, 0.002)]
