"""A whole site behind TLS: whatever breaks, all readers come back to the same market."""

from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pytest
from playwright.sync_api import Browser, Page

from dashboard.servers.listening import SERVERS
from dashboard.wire.registry import Transport
from feeds.market.events import Position
from tests.support.distant_visitor import DistantVisitor
from tests.support.people import DESKTOP
from tests.support.postgres_server import PostgresServer
from tests.support.price_table import FIELDS, shown
from tests.support.redis_server import RedisServer
from tests.support.residents import Resident, missing_trades
from tests.support.site import Site, running_site
from tests.support.waiting import wait_until
from tests.support.witness import Moment, Witness

pytestmark = pytest.mark.slow

TRIES = 5
DAPHNE, UVICORN = range(len(SERVERS))


class Watch:
    """A site, those who read it, and the truth about its market."""

    def __init__(self, site: Site, witness: Witness, page: Page) -> None:
        self.site = site
        self.witness = witness
        self.page = page
        self.loads = 0
        page.on("load", self._count)
        symbols = sorted(self._newest_moment().rows)
        token = site.webs[DAPHNE].token
        self.residents = [
            Resident(transport, site.nginx, symbols, token) for transport in Transport
        ]
        for resident in self.residents:
            resident.start()

    def seconds_to_agree(self) -> float:
        """Wait until everybody has the market as the feed published it after now."""
        begun_s, start = monotonic(), self.witness.newest()
        assert start is not None
        wait_until(lambda: self.witness.newest() not in (start, None))
        try:
            wait_until(lambda: not self.who_differs(start), poll_s=0.05)
        except AssertionError:
            raise AssertionError(f"differ: {self.who_differs(start)}") from None
        return monotonic() - begun_s

    def who_differs(self, start: Position) -> list[str]:
        """Return who does not show the market at or after a position as the feed published it."""
        moments = self.witness.since(start)[1:]
        names = [
            str(resident.transport)
            for resident in self.residents
            if not self._is_true(*resident.state(), moments)
        ]
        names += [
            f"web {index}"
            for index, web in enumerate(self.site.webs)
            if not web.has_ended and not self._is_board_true(web.board(), moments)
        ]
        return names if self._is_page_true(moments) else [*names, "page"]

    def _is_true(
        self, position: Position | None, rows: dict[str, object], moments: list[Moment]
    ) -> bool:
        moment = position and self.witness.at(position)
        return moment in moments and moment.rows == rows

    def _is_board_true(self, board: dict[str, object], moments: list[Moment]) -> bool:
        position, epoch = str(board["position"]), self.witness.epochs[-1]
        if not position.startswith(epoch):
            return False
        return self._is_true(Position.parse(position), board["rows"], moments)

    def _is_page_true(self, moments: list[Moment]) -> bool:
        table = shown(self.page)
        return any(
            table == {s: {name: row[name] for name in FIELDS} for s, row in moment.display.items()}
            for moment in moments
        )

    def _newest_moment(self) -> Moment:
        position = self.witness.newest()
        assert position is not None
        moment = self.witness.at(position)
        assert moment is not None
        return moment

    def _count(self, _: Page) -> None:
        self.loads += 1


@pytest.fixture
def watch(
    tmp_path: Path, redis: RedisServer, postgres: PostgresServer, browser: Browser
) -> Iterator[Watch]:
    """A site with a reader on each transport, and a page in a browser."""
    with running_site(tmp_path, redis, postgres) as site:
        witness = Witness(redis)
        witness.start()
        wait_until(witness.newest)
        site.start_standby()
        page = browser.new_context(ignore_https_errors=True, viewport=DESKTOP).new_page()
        sign_in(page, site)
        watch = Watch(site, witness, page)
        yield watch
        page.context.close()
        for thread in (*watch.residents, witness):
            thread.end()


def sign_in(page: Page, site: Site) -> None:
    page.goto(site.nginx.url)
    page.get_by_label("Username").fill("viewer")
    page.get_by_label("Password").fill(site.webs[DAPHNE].passwords["viewer"])
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{site.nginx.url}/")


def restart_redis(site: Site) -> None:
    site.redis.kill()
    site.redis.start()


def crash_database(site: Site) -> None:
    site.postgres.crash()
    site.postgres.start()


def restart_database(site: Site) -> None:
    site.postgres.stop()
    site.postgres.start()


def restart_nginx(site: Site) -> None:
    site.nginx.kill()
    site.nginx.start()


FAULTS: dict[str, Callable[[Site], None]] = {
    "kill -9 of the web process on Daphne": lambda site: site.webs[DAPHNE].kill(),
    "its start": lambda site: site.restart_web(DAPHNE),
    "kill -9 of the web process on uvicorn": lambda site: site.webs[UVICORN].kill(),
    "its start ": lambda site: site.restart_web(UVICORN),
    "kill -9 of Redis, and its start, empty": restart_redis,
    "crash of PostgreSQL, and its start": crash_database,
    "restart of PostgreSQL": restart_database,
    "kill -9 of the feed, with a standby": Site.fail_over,
    "start of a new standby": Site.start_standby,
    "kill -9 of nginx, and its start": restart_nginx,
    "a second kill -9 of Redis": restart_redis,
}


def test_everybody_comes_back_after_every_fault(
    watch: Watch, record_property: Callable[[str, object], None]
) -> None:
    watch.seconds_to_agree()
    lost_s = {}
    for name, break_it in FAULTS.items():
        break_it(watch.site)
        lost_s[name] = watch.seconds_to_agree()
        print(f"{name}: {lost_s[name]:.1f} s")
    record_property("figures", {name: round(seconds, 1) for name, seconds in lost_s.items()})
    assert watch.loads == 0, "the page was loaded again"
    for resident in watch.residents:
        resident.end()
    assert watch.witness.holes == []
    for resident in watch.residents:
        assert resident.missed == 0, resident.transport
        assert len(resident.tape) == len(set(resident.tape)), resident.transport
        assert missing_trades(resident, watch.witness) == [], resident.transport
        # A new epoch says that it cannot know what the former one still had to tell.
        assert {gap.partition(":")[2] for gap in resident.named_gaps} <= {"0"}, resident.transport


def test_addresses_are_true_behind_the_proxy(watch: Watch) -> None:
    """Guessing passwords locks the guesser's own address, on both web processes."""
    password = watch.site.webs[DAPHNE].passwords["viewer"]
    # Each web process counts for itself, and nginx chooses one of them.
    for _ in range(4 * TRIES):
        DistantVisitor(watch.site.nginx, "127.0.0.66").sign_in("wrong")
    for _ in watch.site.webs:
        assert DistantVisitor(watch.site.nginx, "127.0.0.66").sign_in(password)[0] == 200
        assert DistantVisitor(watch.site.nginx, "127.0.0.67").sign_in(password)[0] == 302
