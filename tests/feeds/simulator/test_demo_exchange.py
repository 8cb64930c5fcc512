"""The demo exchange: invented companies, always the same, as many as are wanted."""

from collections import Counter

from feeds.simulator.demo_exchange import definitions


def test_sixty_companies_in_eight_sectors() -> None:
    sectors = Counter(one.sector for one in definitions(60))
    assert (len(definitions(60)), len(sectors)) == (60, 8)
    assert min(sectors.values()) >= 6


def test_thousands_more_are_all_different() -> None:
    many = definitions(5000)
    assert len({one.symbol for one in many}) == len({one.name for one in many}) == 5000
    assert {len(one.symbol) for one in many} == {3, 4}
    assert {one.sector for one in many[60:]} == {one.sector for one in many[:60]}


def test_fewer_are_the_first_of_more() -> None:
    assert definitions(10) == definitions(500)[:10]
    assert len({one.sector for one in definitions(8)}) == 8


def test_grids_fit_prices() -> None:
    assert all(1 / one.reference_ticks < 0.0011 for one in definitions(500))
    grids = Counter(str(one.tick_size) for one in definitions(60))
    assert set(grids) == {"0.0001", "0.005", "0.01", "0.05"}
    assert grids["0.01"] > 40


def test_companies_differ_in_volatility_and_activity() -> None:
    sixty = definitions(60)
    assert len({one.volatility for one in sixty}) > 20
    assert all(0.01 < one.volatility < 0.04 for one in sixty)
    assert max(one.activity for one in sixty) / min(one.activity for one in sixty) == 10


def test_symbols_that_belong_to_others_are_not_used() -> None:
    """A few of the well-known ones that a careless generator comes upon."""
    known = {"KMX", "DTM", "DRN", "ZBRA", "ZION", "ZETA", "QCOM", "QLYS", "QQQM", "AAPL", "IBM"}
    assert not known & {one.symbol for one in definitions(5000)}
