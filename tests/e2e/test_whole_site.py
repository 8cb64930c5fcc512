"""A whole site behind TLS: whatever breaks, all readers come back to the same market."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from dashboard.servers.serving import SERVERS
from tests.support.distant_visitor import DistantVisitor
from tests.support.nginx import HOST
from tests.support.people import DESKTOP, close
from tests.support.postgres_server import PostgresServer
from tests.support.price_table import FIELDS, shown
from tests.support.redis_server import RedisServer
from tests.support.site import Site, running_site
from tests.support.waiting import wait_until
from tests.support.watch import Watch
from tests.support.witness import Moment, Witness

pytestmark = pytest.mark.slow

TRIES = 5
DAPHNE, UVICORN = range(len(SERVERS))


class PageWatch(Watch):
    """A site, those who read it, one of them with a browser, and the truth about its market."""

    def __init__(self, site: Site, witness: Witness, page: Page) -> None:
        super().__init__(site, witness)
        self.page = page
        self.loads = 0
        page.on("load", self._count)

    def differing(self, moments: list[Moment]) -> list[str]:
        names = super().differing(moments)
        return names if self._is_page_true(moments) else [*names, "page"]

    def _is_page_true(self, moments: list[Moment]) -> bool:
        table = shown(self.page)
        return any(
            table == {s: {name: row[name] for name in FIELDS} for s, row in moment.display.items()}
            for moment in moments
        )

    def _count(self, _: Page) -> None:
        self.loads += 1


@pytest.fixture
def watch(
    tmp_path: Path, redis: RedisServer, postgres: PostgresServer, browser: Browser
) -> Iterator[PageWatch]:
    """A site with a reader on each transport, and a page in a browser."""
    with running_site(tmp_path, redis, postgres) as site:
        witness = Witness(redis)
        witness.start()
        wait_until(witness.newest)
        site.start_standby()
        page = browser.new_context(ignore_https_errors=True, viewport=DESKTOP).new_page()
        sign_in(page, site)
        watch = PageWatch(site, witness, page)
        yield watch
        close(page.context)
        watch.end()


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
    watch: PageWatch, record_property: Callable[[str, object], None]
) -> None:
    watch.seconds_to_agree()
    lost_s = {}
    for name, break_it in FAULTS.items():
        break_it(watch.site)
        lost_s[name] = watch.seconds_to_agree()
        print(f"{name}: {lost_s[name]:.1f} s")
    record_property("figures", {name: round(seconds, 1) for name, seconds in lost_s.items()})
    assert watch.loads == 0, "the page was loaded again"
    watch.end_readers()
    assert watch.faults() == []


def test_addresses_are_true_behind_the_proxy(watch: PageWatch) -> None:
    """Guessing passwords locks the guesser's own address, on both web processes at once."""
    site, password = watch.site, watch.site.webs[DAPHNE].passwords["viewer"]
    for left in reversed(range(TRIES)):
        assert open_to(site, "127.0.0.66", password) == [302, 302], f"{left + 1} are left"
        DistantVisitor(site.nginx, "127.0.0.66").sign_in("wrong")
    assert open_to(site, "127.0.0.66", password) == [200, 200]
    assert open_to(site, "127.0.0.67", password) == [302, 302]
    assert DistantVisitor(site.nginx, "127.0.0.66").sign_in(password)[0] == 200
    assert DistantVisitor(site.nginx, "127.0.0.67").sign_in(password)[0] == 302


def open_to(site: Site, address: str, password: str) -> list[int]:
    """Return what each web process answers to a sign-in; nginx would choose one of them."""
    claims = {"X_Forwarded_For": address, "X_Forwarded_Proto": "https"}
    return [
        DistantVisitor(web, HOST, **claims).sign_in(password, site.nginx.url)[0]
        for web in site.webs
    ]
