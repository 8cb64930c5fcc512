"""The demo exchange: invented companies, always the same, as many as are wanted."""

from collections import Counter

from feeds.exchange import definitions


def test_sixty_companies_in_eight_sectors() -> None:
    sectors = Counter(one.sector for one in definitions(60))
    assert (len(definitions(60)), len(sectors)) == (60, 8)
    assert min(sectors.values()) >= 6


def test_thousands_more_are_all_different() -> None:
    many = definitions(5000)
    assert len({one.symbol for one in many}) == len({one.name for one in many}) == 5000


def test_fewer_are_the_first_of_more() -> None:
    assert definitions(10) == definitions(500)[:10]
    assert len({one.sector for one in definitions(8)}) == 8


def test_grids_fit_prices() -> None:
    for one in definitions(500):
        assert 1 / one.reference_ticks < 0.004
