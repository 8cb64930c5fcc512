"""The demo exchange: invented companies, always the same, as many as needed."""

from collections import Counter

from feeds.simulator.demo_exchange import definitions


def test_sixty_companies_in_eight_sectors() -> None:
    sectors = Counter(company.sector for company in definitions(60))
    assert (len(definitions(60)), len(sectors)) == (60, 8)
    assert min(sectors.values()) >= 6


def test_thousands_more_are_all_different() -> None:
    many = definitions(5000)
    assert (
        len({company.symbol for company in many}) == len({company.name for company in many}) == 5000
    )
    assert {len(company.symbol) for company in many} == {3, 4}
    assert {company.sector for company in many[60:]} == {company.sector for company in many[:60]}


def test_fewer_are_the_first_of_more() -> None:
    assert definitions(10) == definitions(500)[:10]
    assert len({company.sector for company in definitions(8)}) == 8


def test_tick_sizes_fit_prices() -> None:
    assert all(1 / company.reference_ticks < 0.0011 for company in definitions(500))
    tick_sizes = Counter(str(company.tick_size) for company in definitions(60))
    assert set(tick_sizes) == {"0.0001", "0.005", "0.01", "0.05"}
    assert tick_sizes["0.01"] > 40


def test_companies_differ_in_volatility_and_activity() -> None:
    sixty = definitions(60)
    assert len({company.volatility for company in sixty}) > 20
    assert all(0.01 < company.volatility < 0.04 for company in sixty)
    assert (
        max(company.activity for company in sixty) / min(company.activity for company in sixty)
        == 10
    )


def test_symbols_that_belong_to_others_are_not_used() -> None:
    """Some symbols of real companies that a careless generator would produce."""
    known = {"KMX", "DTM", "DRN", "ZBRA", "ZION", "ZETA", "QCOM", "QLYS", "QQQM", "AAPL", "IBM"}
    assert not known & {company.symbol for company in definitions(5000)}


def test_generated_companies_are_always_the_same() -> None:
    """Their history and their places in lists follow from these values."""
    found = [
        (
            each.symbol, each.name, each.sector, each.price_text(each.reference_ticks),
            each.volatility, round(each.activity, 9),
        )
        for each in definitions(64)[60:]
    ]  # fmt: skip
    assert found == [
        ("QXAA", "Beladex Group", "Technology", "5.000", 0.0316, 0.3),
        ("QXAB", "Coradex Group", "Energy", "84.19", 0.0221, 0.67),
        ("QXAC", "Daladex Group", "Finance", "163.38", 0.0152, 1.04),
        ("QXAD", "Fenadex Group", "Health", "242.55", 0.0209, 0.41),
    ]
