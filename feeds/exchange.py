"""The demo exchange: invented companies, as many as asked for, always the same ones.

Pure. Must not know rows. Called by services when the first feed is seeded.
"""

from decimal import Decimal
from itertools import count, islice
from typing import Final

from feeds.instruments import Definition

_SECTORS: Final = {
    "Technology": (0.026, (
        ("NVX", "Novexa Systems", "101.25", 3.0), ("QBT", "Qubrite Computing", "312.40", 2.4),
        ("LQM", "Lumenar Optics", "58.15", 1.2), ("SYL", "Sylvatron", "24.80", 0.9),
        ("PXC", "Pixcelle Display", "142.05", 1.3), ("KRV", "Korvane Software", "87.60", 1.6),
        ("ARQ", "Arquenta Cloud", "203.75", 2.0), ("DTM", "Datamere Analytics", "46.35", 0.8),
    )),
    "Energy": (0.021, (
        ("ORB", "Orbane Petroleum", "74.20", 1.8), ("HXQ", "Helixor Solar", "19.45", 1.5),
        ("TQW", "Tarrowind", "33.90", 0.9), ("BSN", "Basenne Gas", "61.05", 0.8),
        ("VKP", "Vokpark Hydro", "28.70", 0.5), ("GYS", "Geysira Geothermal", "12.35", 0.7),
        ("NFJ", "Norfjell Offshore", "95.10", 0.9),
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
        ("NVQ", "Neutrivo Labs", "8.42", 1.0), ("PQL", "Pulsarity", "71.80", 0.8),
    )),
    "Industry": (0.017, (
        ("FRJ", "Forja Steelworks", "41.30", 0.9), ("AQM", "Almarine Shipyards", "63.75", 0.5),
        ("TQR", "Torquerre Motors", "88.05", 1.4), ("AQV", "Avionne Aerospace", "231.60", 1.0),
        ("BQD", "Baldura Construction", "27.85", 0.6), ("RQX", "Railex Freight", "118.20", 0.7),
        ("KMX", "Kemaxis Chemicals", "52.45", 0.7), ("DRN", "Dronova Robotics", "76.90", 1.3),
    )),
    "Consumer": (0.018, (
        ("ZPR", "Zaporra Fashion", "44.70", 1.0), ("MLK", "Milkavo Dairy", "31.15", 0.4),
        ("KQF", "Koffinelle Coffee", "59.80", 0.9), ("TYB", "Toybrella", "15.60", 0.6),
        ("GQO", "Glossaire Beauty", "105.35", 0.7), ("HQB", "Harbonne Foods", "38.25", 0.5),
        ("SPQ", "Sportaxis", "92.10", 0.8), ("VLQ", "Velorama Bicycles", "21.40", 0.6),
    )),
    "Telecom": (0.015, (
        ("TLQ", "Telquara", "34.55", 1.0), ("SGQ", "Signavox Mobile", "18.95", 1.1),
        ("FBX", "Fibraxon", "47.20", 0.6), ("STQ", "Stellink Satellites", "66.65", 0.9),
        ("WVN", "Wavenor Broadcasting", "11.80", 0.5), ("CQB", "Cablonne", "25.05", 0.4),
    )),
    "Materials": (0.023, (
        ("AUQ", "Aurelith Gold", "82.35", 1.3), ("CQX", "Cuprex Mining", "26.70", 1.2),
        ("LQH", "Lithorra", "0.7425", 1.6), ("TQB", "Timberoak Forests", "35.40", 0.3),
        ("GQS", "Glassenheim", "49.90", 0.4), ("SLT", "Saltamar Minerals", "4.615", 0.8),
        ("DMQ", "Diamantis", "176.00", 0.5),
    )),
}  # fmt: skip
"""Sector -> daily volatility, and symbol, name, reference price and activity of its companies.

Names and symbols are invented; none is meant to be that of a listed company.
"""
_ONSETS: Final = (
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
_MIDDLES: Final = ("a", "e", "i", "o", "u", "an", "en", "or", "ir", "um")
_ENDS: Final = ("dex", "fer", "gon", "lix", "mont", "nova", "ra", "stead", "tor", "vale", "wick")
_TRADES: Final = ("Group", "Works", "Partners", "Holdings", "Industries")
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def definitions(number: int) -> tuple[Definition, ...]:
    """Return the first `number` companies: sixty with a story, then as many more as are wanted."""
    return tuple(islice((*_told(), *_made(max(0, number - 60))), number))


def _told() -> list[Definition]:
    """Return the sixty, sectors in turn, so that the first few are a mixed market."""
    columns = [
        [_define(symbol, name, sector, price, volatility, activity)
         for symbol, name, price, activity in companies]
        for sector, (volatility, companies) in _SECTORS.items()
    ]  # fmt: skip
    longest = max(map(len, columns))
    return [column[row] for row in range(longest) for column in columns if row < len(column)]


def _made(number: int) -> list[Definition]:
    """Return made-up companies with four-letter symbols, spread over sectors, prices and pace."""
    sectors = list(_SECTORS)
    made = []
    for index, symbol, name in zip(range(number), _symbols(), _names(), strict=False):
        sector = sectors[index % len(sectors)]
        price = f"{5 + index * 7919 % 24_500 / 100:.2f}"
        activity = 0.3 + index * 37 % 100 / 100
        made.append(_define(symbol, name, sector, price, _SECTORS[sector][0], activity))
    return made


def _symbols() -> "islice[str]":
    """Return the symbols ZAAA, ZAAB, ...; the sixty have three letters, so none stands twice."""
    letters = _LETTERS
    every = (
        f"{first}{second}{third}{fourth}"
        for first in reversed(letters)
        for second in letters
        for third in letters
        for fourth in letters
    )
    return islice(every, 100_000)


def _names() -> "islice[str]":
    every = (
        f"{onset}{middle}{end} {trade}" if turn == 0 else f"{onset}{middle}{end} {trade} {turn + 1}"
        for turn in count()
        for trade in _TRADES
        for middle in _MIDDLES
        for end in _ENDS
        for onset in _ONSETS
    )
    return islice(every, 100_000)


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
    """Return a grid of about 0.01 % to 0.1 % of the price, as exchanges choose it."""
    if price < 1:
        return Decimal("0.0001")
    if price < 10:
        return Decimal("0.005")
    return Decimal("0.05") if price >= 200 else Decimal("0.01")
