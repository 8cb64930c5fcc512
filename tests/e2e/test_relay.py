"""Tabs that share, in one page: real leader, followers and connections; market, locks and channels
are fakes, and time stands still until it is moved."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.e2e.test_link import WORLD, bare

pytestmark = pytest.mark.slow

__all__ = ["bare"]

TABS = (Path(__file__).parent / "tabs.js").read_text()


def play(page: Page, script: str, argument: Any = None) -> Any:
    """Run a script in the world of tabs and return what it returns."""
    return page.evaluate(f"async (argument) => {{ {WORLD} {TABS} {script} }}", argument)


STORM = (Path(__file__).parent / "storm.js").read_text()


@pytest.mark.parametrize("seed", range(1, 41))
def test_whatever_happens_every_board_is_the_markets(bare: Page, seed: int) -> None:
    """After every frame, and in the end: prices, receipts, trades, status,
    each as from a server."""
    assert play(bare, STORM, seed) == []


def test_the_connection_is_asked_for_the_union_and_no_more(bare: Page) -> None:
    outcome = play(
        bare,
        """
        const one = (await world.open("one")).want("A", "B");
        await world.settle();
        const two = (await world.open("two")).want("B", "C");
        const three = (await world.open("three")).want("B");
        await world.settle();
        const begun = world.commands;
        two.unwant("C");
        two.unwant("B");
        await world.settle();
        three.connection.close();
        await world.settle();
        one.die();
        await world.settle(2000);
        return {begun, then: world.commands, boards: [...two.board.rows.keys()],
          opened: world.opened};
        """,
    )
    assert outcome["begun"] == [
        "subscribe status", "subscribe watchlist", "subscribe notifications",
        "subscribe ticker AB", "subscribe ticker C",
    ]  # fmt: skip
    assert outcome["then"] == ["subscribe status", "subscribe watchlist", "subscribe notifications"]
    assert (outcome["boards"], outcome["opened"]) == ([], 2)


@pytest.mark.parametrize("way", ["tab.connection.close()", "tab.die()"])
def test_a_tab_that_goes_leaves_the_union(bare: Page, way: str) -> None:
    outcome = play(
        bare,
        f"""
        (await world.open("one")).want("A");
        await world.settle();
        const tab = (await world.open("two")).want("A", "B");
        tab.connection.subscriptions.add("trades", ["B"]);
        await world.settle();
        const begun = world.commands.length;
        {way};
        await world.settle();
        return world.commands.slice(begun);
        """,
    )
    assert sorted(outcome) == ["unsubscribe ticker B", "unsubscribe trades B"]


def test_the_most_demanding_tab_sets_the_pace(bare: Page) -> None:
    outcome = play(
        bare,
        """
        const sets = () => world.session.commands.filter(({method}) =>
          method === "set").map(({params}) => params);
        const one = (await world.open("one")).want("A");
        const two = (await world.open("two")).want("A");
        one.connection.subscriptions.setRate(2);
        two.connection.subscriptions.setRate(10);
        await world.settle();
        const seen = [sets().at(-1)];
        two.connection.setPaused("hidden tab", true);
        await world.settle();
        seen.push(sets().at(-1));
        world.market.tick("A", {p: 70});
        await world.take();
        const rows = [one, two].map(({board}) => board.rows.get("A").p);
        one.connection.setPaused("by hand", true);
        await world.settle();
        seen.push(sets().at(-1));
        two.connection.setPaused("hidden tab", false);
        await world.settle();
        seen.push(sets().at(-1));
        return {seen, rows, names: [one, two].map(({connection}) => connection.state.name),
          late: two.board.rows.get("A").p};
        """,
    )
    assert outcome["seen"] == [
        {"paused": False, "max_rate": 10},
        {"paused": False, "max_rate": 2},
        {"paused": True, "max_rate": 10},
        {"paused": False, "max_rate": 10},
    ]
    assert outcome["rows"] == [70, 0]
    assert outcome["names"] == ["paused", "live"]
    assert outcome["late"] == 70


def test_a_slow_tab_gets_its_own_pace_and_every_tick_counted(bare: Page) -> None:
    outcome = play(
        bare,
        """
        const slow = (await world.open("slow")).want("A");
        const fast = (await world.open("fast")).want("A");
        slow.connection.subscriptions.setRate(1);
        fast.connection.subscriptions.setRate(10);
        await world.settle();
        const frames = {slow: 0, fast: 0};
        for (const [name, tab] of Object.entries({slow, fast})) {
          const inspect = tab.inspect.bind(tab);
          tab.inspect = (frame) => { frames[name] += 1; inspect(frame); };
        }
        for (let turn = 0; turn < 30; turn += 1) {
          world.market.tick("A", {p: turn});
          for (const session of world.sessions) session.take();
          await world.settle(100);
        }
        await world.settle(1500);
        return {frames, ticks: [slow, fast].map(({board}) => board.ticksOf("A")),
          p: slow.board.rows.get("A").p};
        """,
    )
    assert outcome["frames"]["fast"] == 30
    assert 3 <= outcome["frames"]["slow"] <= 5
    assert (outcome["ticks"], outcome["p"]) == ([30, 30], 29)


def test_more_fields_are_asked_for_when_a_tab_wants_them(bare: Page) -> None:
    outcome = play(
        bare,
        """
        const few = (await world.open("few", {fields: ["p"]})).want("A");
        await world.settle();
        const all = (await world.open("all", {fields: ["p", "v"]})).want("A");
        await world.settle();
        world.market.tick("A", {p: 5, v: 6});
        await world.take();
        const asked = world.session.commands.filter(({method,
          params}) => method === "subscribe" && params.channel === "ticker");
        return {asked: asked.map(({params}) => params.fields), commands: world.commands.slice(-3),
          few: few.board.rows.get("A"), all: all.board.rows.get("A")};
        """,
    )
    assert outcome["asked"] == [["p"], ["p", "v"]]
    assert "unsubscribe ticker A" in outcome["commands"]
    assert (outcome["few"]["p"], outcome["few"]["v"]) == (5, None)
    assert (outcome["all"]["p"], outcome["all"]["v"]) == (5, 6)


def test_a_tab_that_comes_back_goes_on_where_it_stood(bare: Page) -> None:
    """The road was lost for all: what came meanwhile is told, with every tick counted."""
    outcome = play(
        bare,
        """
        const tabs = [];
        for (const name of ["one", "two", "three"]) tabs.push((await world.open(name)).want("A"));
        await world.settle();
        world.session.end(1006);
        await world.settle(1);
        const lost = tabs.map(({connection}) => connection.state.name);
        for (let turn = 0; turn < 9; turn += 1) world.market.tick("A", {p: turn});
        await world.settle(3000);
        await world.take();
        return {lost, tabs: tabs.map(({connection, board, seen}) => [connection.state.name,
          board.ticksOf("A"), seen.resumed])};
        """,
    )
    assert outcome["lost"] == ["reconnecting"] * 3
    assert outcome["tabs"] == [["live", 9, [True]]] * 3


def test_no_trade_is_missed_or_doubled_when_the_leader_dies(bare: Page) -> None:
    outcome = play(
        bare,
        """
        const tabs = [];
        for (const name of ["one", "two", "three"]) {
          const tab = (await world.open(name)).want("A");
          tab.connection.subscriptions.add("trades", name === "three" ? ["A", "B"] : ["A"]);
          tabs.push(tab);
        }
        await world.settle();
        const trade = async (s) => { world.market.trade(s, 1); await world.take(); };
        await trade("A");
        await trade("B");
        tabs[0].die();
        world.market.trade("A", 2);
        world.market.trade("B", 2);
        await world.settle(1000);
        await trade("A");
        const of = (symbols) => world.market.trades.filter(({s}) =>
          symbols.includes(s)).map(({i}) => i);
        return {got: tabs.slice(1).map(({seen}) => [seen.trades, seen.gaps]), made: [[of("A"),
          0], [of("AB"), 0]]};
        """,
    )
    assert outcome["got"] == outcome["made"]
    assert [len(ids) for ids, _ in outcome["made"]] == [3, 5]


def test_signing_out_reaches_every_tab(bare: Page) -> None:
    outcome = play(
        bare,
        """
        const tabs = [];
        for (const name of ["one", "two"]) tabs.push((await world.open(name)).want("A"));
        await world.settle();
        world.session.end(4401);
        await world.settle();
        const opened = world.opened;
        await world.settle(60_000);
        return {names: tabs.map(({connection}) => connection.state.name),
          again: world.opened - opened};
        """,
    )
    assert outcome == {"names": ["signed_out", "signed_out"], "again": 0}


@pytest.mark.parametrize(("code", "name"), [(4403, "stopped"), (4429, "reconnecting")])
def test_an_end_is_told_as_it_is(bare: Page, code: int, name: str) -> None:
    outcome = play(
        bare,
        """
        const tabs = [];
        for (const name of ["one", "two"]) tabs.push((await world.open(name)).want("A"));
        await world.settle();
        world.isDown = true;
        world.session.end(argument);
        await world.settle(1);
        const states = tabs.map(({connection}) => [connection.state.name, connection.state.reason]);
        world.isDown = false;
        tabs[1].connection.open();
        await world.settle(3000);
        return {states, then: tabs.map(({connection}) => connection.state.name)};
        """,
        code,
    )
    [one, two] = outcome["states"]
    assert one == two
    assert one[0] == name
    assert one[1] in (
        "not permitted, or from a foreign origin", "too many commands or connections"
    )  # fmt: skip
    assert outcome["then"][1] == "live"


def test_a_leader_that_hangs_is_replaced(bare: Page) -> None:
    """It holds the lock and says nothing: after a while another tab takes the lock from it."""
    outcome = play(
        bare,
        """
        const tabs = [];
        for (const name of ["one", "two", "three"]) tabs.push((await world.open(name)).want("A"));
        await world.settle();
        tabs[0].isHung = true;
        const led = [tabs.map(({election}) => election.isLeading)];
        for (let turn = 0; turn < 20; turn += 1) await world.settle(1000);
        led.push(tabs.map(({election}) => election.isLeading));
        tabs[0].isHung = false;
        for (let turn = 0; turn < 10; turn += 1) {
          await world.settle(1000);
          for (const session of world.sessions) session.heartbeat();
        }
        world.market.tick("A", {p: 44});
        await world.take();
        return {
          led, sessions: world.sessions.size,
            names: tabs.map(({connection}) => connection.state.name),
          prices: tabs.map(({board}) => board.rows.get("A").p),
        };
        """,
    )
    assert outcome["led"][0] == [True, False, False]
    assert outcome["led"][1] in ([False, True, False], [False, False, True])
    assert outcome["sessions"] == 1
    assert outcome["names"] == ["live"] * 3
    assert outcome["prices"] == [44] * 3


def test_what_cannot_be_shared_is_refused_and_nothing_breaks(bare: Page) -> None:
    outcome = play(
        bare,
        """
        const tab = (await world.open("one")).want("A", "NOBODY");
        await world.settle();
        const {subscriptions} = tab.connection;
        subscriptions.add("trades", ["*"]);
        subscriptions.add("weather");
        subscriptions.add("ticker", Array.from({length: 500}, (_, at) => `S${at}`));
        await world.settle();
        world.market.tick("A", {p: 9});
        await world.take();
        return {failed: tab.seen.failed, rejected: tab.rejected, p: tab.board.rows.get("A").p,
          commands: world.commands};
        """,
    )
    assert outcome["failed"] == ["bad_parameters", "unknown_channel", "too_many_symbols"]
    assert outcome["rejected"] == {"NOBODY": "unknown symbol"}
    assert outcome["p"] == 9
    assert outcome["commands"][-1] == "subscribe ticker ANOBODY"


def test_the_cost_is_told_where_it_arises_and_the_road_by_its_name(bare: Page) -> None:
    outcome = play(
        bare,
        """
        const one = (await world.open("one")).want("A");
        const two = (await world.open("two")).want("A");
        await world.settle();
        world.market.tick("A", {p: 9});
        await world.take();
        two.connection.setOnline(false);
        await world.settle(4000);
        return {bytes: [one, two].map(({connection}) => connection.bytes > 0),
          pings: world.commands.filter((one) => one === "ping"),
          names: [one, two].map(({connection}) => connection.state.transport),
            alive: two.connection.state.name};
        """,
    )
    assert outcome == {
        "bytes": [True, False],
        "pings": ["ping"],
        "names": ["Fake", "Fake"],
        "alive": "live",
    }


def test_a_long_silence_of_the_leader_costs_no_trade(bare: Page) -> None:
    """More trades than a snapshot holds were made before another tab led."""
    outcome = play(
        bare,
        """
        const tabs = [];
        for (const name of ["one", "two"]) {
          const tab = await world.open(name);
          tab.connection.subscriptions.add("trades", ["A"]);
          tabs.push(tab);
        }
        await world.settle();
        tabs[0].die();
        for (let at = 0; at < 80; at += 1) world.market.trade("A", at);
        await world.settle(1000);
        await world.take();
        return {trades: tabs[1].seen.trades.length, gaps: tabs[1].seen.gaps};
        """,
    )
    assert outcome == {"trades": 80, "gaps": 0}


def test_trades_that_nobody_knows_any_more_are_a_gap(bare: Page) -> None:
    outcome = play(
        bare,
        """
        for (let at = 0; at < 60; at += 1) world.market.trade("A", at);
        const tab = await world.open("one");
        tab.connection.subscriptions.add("trades", ["A"]);
        await world.settle();
        const old = await world.open("old");
        old.trades = {epoch: "one", seq: 15};
        old.connection.subscriptions.add("trades", ["A"]);
        await world.settle();
        return [tab, old].map(({seen}) => [seen.trades.length, seen.gaps]);
        """,
    )
    assert outcome == [[50, 0], [50, 1]]


def test_when_the_road_is_open_again_nobody_waits_on(bare: Page) -> None:
    outcome = play(
        bare,
        """
        const tabs = [];
        for (const name of ["one", "two"]) tabs.push((await world.open(name)).want("A"));
        await world.settle();
        world.session.end(1006);
        for (let turn = 0; turn < 1000 && !world.sessions.size; turn += 1) await world.settle(6);
        await world.settle(20);
        return tabs.map(({connection}) => connection.state.name);
        """,
    )
    assert outcome == ["live", "live"]


def test_a_leader_of_the_past_is_not_heard(bare: Page) -> None:
    outcome = play(
        bare,
        """
        const tab = (await world.open("one")).want("A");
        await world.settle();
        const line = world.air.open("key/one", {});
        const frames = tab.connection.frames;
        const frame = {channel: "heartbeat", type: "heartbeat", seq: 99, ts: 99, stale: null};
        line.postMessage({kind: "frame", term: "another", frame, bytes: 1});
        const ending = {code: 4401, reason: "", retry_ms: 0};
        line.postMessage({kind: "closed", term: "another", ending});
        await world.settle();
        return [tab.connection.frames - frames, tab.connection.state.name];
        """,
    )
    assert outcome == [0, "live"]


def test_a_tab_that_wants_less_when_it_comes_back_gets_less(bare: Page) -> None:
    outcome = play(
        bare,
        """
        const tab = (await world.open("one")).want("A", "B");
        (await world.open("two")).want("B");
        await world.settle();
        world.session.end(1006);
        await world.settle(1);
        tab.unwant("B");
        await world.settle(3000);
        world.market.tick("B", {p: 5});
        world.market.tick("A", {p: 6});
        await world.take();
        await world.settle(2000);
        return {rows: [...tab.board.rows.keys()], p: tab.board.rows.get("A").p};
        """,
    )
    assert outcome == {"rows": ["A"], "p": 6}


def test_a_panel_of_trades_that_opens_again_begins_with_the_newest(bare: Page) -> None:
    """Nobody wanted them meanwhile, so nothing is known of them; who says from where goes on."""
    outcome = play(
        bare,
        """
        const tab = await world.open("one");
        for (let at = 0; at < 60; at += 1) world.market.trade("A", at);
        tab.show("A");
        await world.settle();
        const seen = [tab.tape.lines.length];
        tab.show();
        await world.settle();
        for (let at = 0; at < 70; at += 1) world.market.trade("A", at);
        for (const session of world.sessions) session.heartbeat();
        await world.settle();
        tab.show("A");
        await world.settle();
        seen.push(tab.tape.lines.length);
        tab.rest();
        await world.settle();
        for (let at = 0; at < 70; at += 1) world.market.trade("A", at);
        tab.wake();
        await world.settle();
        await world.take();
        tab.inspectTape();
        return [...seen, tab.tape.lines.length, tab.tape.lines.some(({trade}) => trade === null)];
        """,
    )
    assert outcome == [50, 50, 120, False]


def test_a_line_chosen_before_the_last_choice_was_answered_loses_no_trade(bare: Page) -> None:
    outcome = play(
        bare,
        """
        const tab = await world.open("one");
        await world.settle();
        const {session} = world;
        const say = session.say;
        const delayed = [];
        session.say = (frame) => delayed.push(structuredClone(frame));
        world.market.trade("B", 1);
        tab.show("A", "B");
        await world.settle();
        world.market.trade("B", 2);
        tab.show("B");
        await world.settle();
        session.say = say;
        for (const frame of delayed) say(frame);
        await world.settle();
        tab.inspectTape();
        return tab.tape.lines.map(({trade}) => trade.p);
        """,
    )
    assert outcome == [1, 2]
