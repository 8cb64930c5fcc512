"""The demo exchange: as many invented companies as needed, always the same.

Pure. Must not know rows.
"""

from collections.abc import Iterator
from decimal import Decimal
from itertools import chain, count, islice, product
from typing import Final

from feeds.market.instruments import Definition

_SECTORS: Final = {
    "Technology": (0.026, (
        ("NVX", "Novexa Systems", "101.25", 3.0), ("QBT", "Qubrite Computing", "312.40", 2.4),
        ("LQM", "Lumenar Optics", "58.15", 1.2), ("SYL", "Sylvatron", "24.80", 0.9),
        ("PXC", "Pixcelle Display", "142.05", 1.3), ("KRV", "Korvane Software", "87.60", 1.6),
        ("ARJ", "Arquenta Cloud", "203.75", 2.0), ("DMJ", "Datamere Analytics", "46.35", 0.8),
    )),
    "Energy": (0.021, (
        ("ORB", "Orbane Petroleum", "74.20", 1.8), ("HXQ", "Helixor Solar", "19.45", 1.5),
        ("TQW", "Tarrowind", "33.90", 0.9), ("BQG", "Basenne Gas", "61.05", 0.8),
        ("VKJ", "Vokpark Hydro", "28.70", 0.5), ("GYS", "Geysira Geothermal", "12.35", 0.7),
        ("NJQ", "Norfjell Offshore", "95.10", 0.9),
    )),
    "Finance": (0.016, (
        ("MRB", "Merribank", "48.55", 1.4), ("CQV", "Clavering Trust", "126.30", 0.7),
        ("PQX", "Paydexa", "67.95", 1.5), ("SQG", "Sterngard Insurance", "212.00", 0.6),
        ("QAL", "Qalvera Capital", "39.15", 0.9), ("UQF", "Unifolk Savings", "22.60", 0.5),
        ("BQX", "Brixholm Exchange", "154.85", 0.6), ("LDF", "Ludfort Leasing", "17.25", 0.4),
    )),
    "Health": (0.019, (
        ("MQV", "Medivarr", "84.40", 1.1), ("GQX", "Genoxal", "37.65", 1.7),
        ("VYR", "Vyrelle Vaccines", "142.90", 1.2), ("OQT", "Optimund Devices", "56.25", 0.6),
        ("CQD", "Cardelon", "98.70", 0.7), ("SQN", "Senorra Care", "29.95", 0.5),
        ("NQK", "Neutrivo Labs", "8.42", 1.0), ("PQL", "Pulsarity", "71.80", 0.8),
    )),
    "Industry": (0.017, (
        ("FRJ", "Forja Steelworks", "41.30", 0.9), ("AQM", "Almarine Shipyards", "63.75", 0.5),
        ("TQR", "Torquerre Motors", "88.05", 1.4), ("AQV", "Avionne Aerospace", "231.60", 1.0),
        ("BQD", "Baldura Construction", "27.85", 0.6), ("RQX", "Railex Freight", "118.20", 0.7),
        ("KMQ", "Kemaxis Chemicals", "52.45", 0.7), ("DRJ", "Dronova Robotics", "76.90", 1.3),
    )),
    "Consumer": (0.018, (
        ("ZPR", "Zaporra Fashion", "44.70", 1.0), ("MLK", "Milkavo Dairy", "31.15", 0.4),
        ("KQF", "Koffinelle Coffee", "59.80", 0.9), ("TYB", "Toybrella", "15.60", 0.6),
        ("GQO", "Glossaire Beauty", "105.35", 0.7), ("HQB", "Harbonne Foods", "38.25", 0.5),
        ("SXJ", "Sportaxis", "92.10", 0.8), ("VJL", "Velorama Bicycles", "21.40", 0.6),
    )),
    "Telecom": (0.015, (
        ("TLQ", "Telquara", "34.55", 1.0), ("SGQ", "Signavox Mobile", "18.95", 1.1),
        ("FBX", "Fibraxon", "47.20", 0.6), ("STQ", "Stellink Satellites", "66.65", 0.9),
        ("WVN", "Wavenor Broadcasting", "11.80", 0.5), ("CQB", "Cablonne", "25.05", 0.4),
    )),
    "Materials": (0.023, (
        ("AUJ", "Aurelith Gold", "82.35", 1.3), ("CQX", "Cuprex Mining", "26.70", 1.2),
        ("LQH", "Lithorra", "0.7425", 1.6), ("TQB", "Timberoak Forests", "35.40", 0.3),
        ("GQS", "Glassenheim", "49.90", 0.4), ("SLJ", "Saltamar Minerals", "4.615", 0.8),
        ("DMQ", "Diamantis", "176.00", 0.5),
    )),
}  # fmt: skip
"""Sector -> daily volatility, and the symbol, name, reference price and activity of its companies.

Names and symbols are invented. Symbols have rare letters, so that no real company has them.
"""
_FOUNDERS: Final = (
    "Bel",
    "Cor",
    "Dal",
    "Fen",
    "Gar",
    "Hol",
    "Jor",
    "Kel",
    "Lor",
    "Mar",
    "Nor",
    "Pel",
)
_LINKS: Final = ("a", "e", "i", "o", "u", "an", "en", "or", "ir", "um")
_ENDINGS: Final = ("dex", "fer", "gon", "lix", "mont", "nova", "ra", "stead", "tor", "vale", "wick")
_KINDS: Final = ("Group", "Works", "Partners", "Holdings", "Industries")
_STARTS: Final = ("QX", "QZ", "QJ", "XQ", "XZ", "XJ", "ZQ", "ZX", "ZJ")
"""Symbols of real companies do not start with these letters."""
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def definitions(number: int) -> tuple[Definition, ...]:
    """Return the first `number` companies: sixty that are listed here, then generated companies."""
    return tuple(islice(chain(_written_out(), _made()), number))


def _written_out() -> list[Definition]:
    """Return the listed companies, sectors in turn, so that the first few are a mixed market."""
    columns = [
        [
            _define(symbol, name, sector, price, _vary(volatility, place, price), activity)
            for place, (symbol, name, price, activity) in enumerate(companies)
        ]
        for sector, (volatility, companies) in _SECTORS.items()
    ]
    longest = max(map(len, columns))
    return [column[row] for row in range(longest) for column in columns if row < len(column)]


def _made() -> Iterator[Definition]:
    """Yield generated companies without end, with prices from 5 to 250."""
    # Multiples of a prime, modulo the range, look mixed and need no random numbers.
    sectors = list(_SECTORS)
    for index, symbol, name in zip(count(), _symbols(), _names(), strict=False):
        sector = sectors[index % len(sectors)]
        price = f"{5 + index * 7919 % 24_500 / 100:.2f}"
        volatility = _vary(_SECTORS[sector][0], index, price)
        yield _define(symbol, name, sector, price, volatility, 0.3 + index * 37 % 100 / 100)


def _vary(volatility: float, place: int, price: str) -> float:
    """Return a company's volatility: near its sector's, and a third more below a price of 20."""
    cheapness = 1.35 if float(price) < 20 else 1.0
    return round(volatility * cheapness * (0.9 + place * 3 % 5 * 0.05), 4)


def _symbols() -> Iterator[str]:
    """Yield QXAA, QXAB, ... and later longer symbols; the listed companies have three letters."""
    for length in count(2):
        for start, *rest in product(_STARTS, *[_LETTERS] * length):
            yield start + "".join(rest)


def _names() -> Iterator[str]:
    for turn in count(1):
        number = "" if turn == 1 else f" {turn}"
        for kind, link, ending, founder in product(_KINDS, _LINKS, _ENDINGS, _FOUNDERS):
            yield f"{founder}{link}{ending} {kind}{number}"


def _define(
    symbol: str, name: str, sector: str, price: str, volatility: float, activity: float
) -> Definition:
    tick = _tick_of(Decimal(price))
    return Definition(
        symbol=symbol,
        name=name,
        sector=sector,
        tick_size=tick,
        reference_ticks=int(Decimal(price) / tick),
        volatility=volatility,
        activity=activity,
    )


def _tick_of(price: Decimal) -> Decimal:
    """Return a tick size of 0.005 % to 0.1 % of the price, as exchanges choose it."""
    if price < 1:
        return Decimal("0.0001")
    if price < 10:
        return Decimal("0.005")
    return Decimal("0.05") if price >= 200 else Decimal("0.01")
