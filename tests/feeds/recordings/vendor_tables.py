"""Small tables in the spellings of vendors, after the public descriptions of their formats."""

import gzip
import io
from typing import NamedTuple

NOW_MS = 1_795_000_000_000
"""November 2026."""


class Case(NamedTuple):
    """A table, and what is to happen: counts of trades, or a part of the reason of the refusal."""

    vendor: str
    spelling: str
    file_name: str
    text: str | bytes
    trades: int = 0
    first: str = ""
    refusal: str = ""
    unknown: bool = False


YAHOO = "Date,Open,High,Low,Close,Adj Close,Volume\n"
YAHOO_ROWS = (
    "2026-01-05,187.149994,188.44,183.89,185.64,184.94,82488700\n"
    "2026-01-06,184.22,185.88,183.43,184.25,183.56,58414500\n"
)
KLINE = "1767225600000,100.10,100.50,99.90,100.20,12.345,1767225659999,1236.1,40,6.1,611.0,0\n"
KLINE_2 = "1767225660000,100.20,100.60,100.00,100.30,8.100,1767225719999,812.4,30,4.0,401.2,0\n"
KLINE_NAMES = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,"
    "taker_buy_volume,taker_buy_quote_volume,ignore\n"
)


def in_us(text: str) -> str:
    """Return klines with times in microseconds, as Binance has them since 2025."""
    return "".join(
        ",".join(f"{cell}000" if place in {0, 6} else cell for place, cell in enumerate(cells))
        for line in text.splitlines(keepends=True)
        if (cells := line.split(","))
    )


def workbook(rows: list[list[object]]) -> bytes:
    """Return an Excel workbook with one sheet."""
    from openpyxl import Workbook

    book, out = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def spreadsheet() -> bytes:
    from datetime import datetime

    return workbook(
        [
            ["Date", "Open", "High", "Low", "Close", "Volume"],
            [datetime(2026, 1, 5, 9, 30), 10, 10.5, 9.75, 10.25, 400],  # noqa: DTZ001 a cell of Excel
            [datetime(2026, 1, 5, 9, 31), 10.25, 10.5, 10, 10.5, 800],  # noqa: DTZ001
        ]
    )


BARS = "Date,Open,High,Low,Close,Volume\n"
BAR_ROWS = "2026-01-05,10,10.5,9.75,10.25,400\n2026-01-06,10.25,10.5,10,10.5,800\n"
BAR_TABLE: list[list[object]] = [
    ["Date", "Open", "High", "Low", "Close", "Volume"],
    ["2026-01-05", 10, 10.5, 9.75, 10.25, 400],
    ["2026-01-06", 10.25, 10.5, 10, 10.5, 800],
]


def book_of_notes() -> bytes:
    """Return a workbook with a table between a hidden sheet, notes and another table."""
    from openpyxl import Workbook

    book, out = Workbook(), io.BytesIO()
    for title, rows in (
        ("Lists", BAR_TABLE), ("Notes", [["Made by us"]]), ("AAPL", BAR_TABLE), ("MSFT", BAR_TABLE),
    ):  # fmt: skip
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.remove(book.worksheets[0])
    book["Lists"].sheet_state = "hidden"
    book.save(out)
    return out.getvalue()


def book_of_two_columns() -> bytes:
    """Return a workbook with the date and the time of day in columns of their own."""
    from datetime import datetime, time

    names = ["Date", "Time", "Open", "High", "Low", "Close", "Volume"]
    day = datetime(2026, 1, 5)  # noqa: DTZ001 a cell of Excel
    rows = [[day, time(9, minute), 10, 10.5, 9.75, 10.25, 400] for minute in (30, 31)]
    return workbook([names, *rows])


STOOQ_BULK = "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\n"
CASES = [
    Case("Yahoo", "days, `2026-01-05`", "AAPL.csv", YAHOO + YAHOO_ROWS, 8, "2026-01-05 00:00"),
    Case(
        "Yahoo", "days of yfinance, midnight in New York", "AAPL.csv",
        "Date,Open,High,Low,Close,Volume,Dividends,Stock Splits\n"
        "2026-01-05 00:00:00-05:00,187.14999389648438,188.44,183.89,185.64,82488700,0.0,0.0\n"
        "2026-01-06 00:00:00-05:00,184.22,185.88,183.43,184.25,58414500,0.0,0.0\n",
        8, "2026-01-05 00:00",
    ),
    Case(
        "Yahoo", "5 minutes, offset `-05:00`", "AAPL.csv",
        "Datetime,Open,High,Low,Close,Adj Close,Volume\n"
        "2026-01-05 09:30:00-05:00,187.15,188,187,187.5,187.5,1000\n"
        "2026-01-05 09:35:00-05:00,187.5,188.5,187.25,188,188,900\n",
        8, "2026-01-05 14:30",
    ),
    Case(
        "Yahoo", "days with `null`", "AAPL.csv",
        YAHOO + YAHOO_ROWS + "2026-01-07,null,null,null,null,null,null\n", 8, "2026-01-05 00:00",
    ),
    Case(
        "Stooq", "days, web", "aapl_us_d.csv",
        "Date,Open,High,Low,Close,Volume\n2026-01-05,187.15,188.44,183.89,185.64,82488700\n",
        4, "2026-01-05 00:00", unknown=True,
    ),
    Case(
        "Stooq", "5 minutes, `20260105` and `153500`", "aapl.us.txt",
        STOOQ_BULK
        + "AAPL.US,5,20260105,153500,187.15,188,187,187.5,1000,0\n"
        + "AAPL.US,5,20260105,154000,187.5,188.5,187.25,188,900,0\n",
        8, "2026-01-05 15:35",
    ),
    Case(
        "Stooq", "5 minutes, a plain ticker", "aapl.txt",
        STOOQ_BULK
        + "AAPL,5,20260105,153500,187.15,188,187,187.5,1000,0\n"
        + "AAPL,5,20260105,154000,187.5,188.5,187.25,188,900,0\n",
        8, "2026-01-05 15:35",
    ),
    Case(
        "Binance klines", "no header, ms", "BTCUSDT-1m-2026-01.csv", KLINE + KLINE_2, 8,
        "2026-01-01 00:00",
    ),
    Case(
        "Binance klines", "no header, µs", "BTCUSDT-1m-2026-01.csv", in_us(KLINE + KLINE_2), 8,
        "2026-01-01 00:00",
    ),
    Case(
        "Binance klines", "header, ms", "BTCUSDT-1m-2026-01.csv", KLINE_NAMES + KLINE + KLINE_2, 8,
        "2026-01-01 00:00",
    ),
    Case(
        "Binance klines", "gzip", "BTCUSDT-1m.csv.gz", gzip.compress((KLINE + KLINE_2).encode()),
        8, "2026-01-01 00:00",
    ),
    Case(
        "Binance trades", "no header, ms", "ETHUSDT-trades-2026-01-01.csv",
        "1,3000.01,0.5000,1500.0,1767225600001,True,True\n"
        "2,3000.02,0.2500,750.0,1767225600050,False,True\n",
        2, "2026-01-01 00:00",
    ),
    Case(
        "Binance trades", "header, ms", "ETHUSDT-trades-2026-01-01.csv",
        "id,price,qty,quote_qty,time,is_buyer_maker\n1,3000.01,0.5,1500.0,1767225600001,true\n",
        1, "2026-01-01 00:00",
    ),
    Case(
        "Binance aggregated trades", "no header, µs", "ETHUSDT-aggTrades-2026-01-01.csv",
        "1,3000.01,0.5000,1,1,1767225600001000,True,True\n", 1, "2026-01-01 00:00",
    ),
    Case(
        "Dukascopy", "`05.01.2026 00:00:00.000`, flat bars", "EURUSD_Candlestick_1_M_BID.csv",
        "Gmt time,Open,High,Low,Close,Volume\n"
        "05.01.2026 00:00:00.000,1.17211,1.1722,1.17205,1.17215,120.5\n"
        "05.01.2026 00:01:00.000,1.17215,1.17215,1.17215,1.17215,0\n"
        "05.01.2026 00:02:00.000,1.17215,1.1723,1.1721,1.17225,99.25\n",
        8, "2026-01-05 00:00",
    ),
    Case(
        "Dukascopy", "local time, `GMT+0100`", "EURUSD.csv",
        "Local time,Open,High,Low,Close,Volume\n"
        "05.01.2026 01:00:00.000 GMT+0100,1.17211,1.1722,1.17205,1.17215,120\n",
        4, "2026-01-05 00:00",
    ),
    Case(
        "Alpaca bars", "`symbol,timestamp,…`", "bars.csv",
        "symbol,timestamp,open,high,low,close,volume,trade_count,vwap\n"
        "AAPL,2026-01-05 14:30:00+00:00,187.15,188,187,187.5,1000,31,187.4\n"
        "MSFT,2026-01-05 14:30:00+00:00,401,402,400.5,401.5,1000,31,401.2\n",
        8, "2026-01-05 14:30",
    ),
    Case(
        "Alpaca bars", "`t,o,h,l,c,v,n,vw`", "AAPL.csv",
        "t,o,h,l,c,v,n,vw\n2026-01-05T14:30:00Z,187.15,188,187,187.5,1000,31,187.4\n",
        4, "2026-01-05 14:30",
    ),
    Case(
        "Alpaca trades", "ns in `2026-01-05T14:30:00.123456789Z`", "AAPL.csv",
        "t,x,p,s,c,i,z\n2026-01-05T14:30:00.123456789Z,V,187.15,100,@,1,C\n",
        1, "2026-01-05 14:30",
    ),
    Case(
        "Kaggle (S&P 500)", "days, `Name` is the symbol", "all_stocks_5yr.csv",
        "date,open,high,low,close,volume,Name\n"
        "2013-02-08,15.07,15.12,14.63,14.75,8407500,AAL\n"
        "2013-02-11,14.89,15.01,14.26,14.46,8882000,AAL\n"
        "2013-02-08,67.71,68.4,66.89,67.85,158168416,AAPL\n",
        12, "2013-02-08 00:00",
    ),
    Case(
        "Kaggle (Bitcoin)", "epoch s, `NaN` without trades", "bitstampUSD_1-min.csv",
        "Timestamp,Open,High,Low,Close,Volume_(BTC),Volume_(Currency),Weighted_Price\n"
        "1325317920,4.39,4.39,4.39,4.39,0.45558087,2.0,4.39\n"
        "1325317980,NaN,NaN,NaN,NaN,NaN,NaN,NaN\n"
        "1325318040,4.39,4.40,4.39,4.40,48.0,210.72,4.39\n",
        5, "2011-12-31 07:52",
    ),
    Case(
        "CryptoDataDownload", "an address above, newest first", "Bitstamp_BTCUSD_1h.csv",
        "https://www.CryptoDataDownload.com\n"
        "unix,date,symbol,open,high,low,close,Volume BTC,Volume USD\n"
        "1767229200,2026-01-01 01:00:00,BTC/USD,101,102,100,101,5.5,555\n"
        "1767225600,2026-01-01 00:00:00,BTC/USD,100,101,99,100,4.5,450\n",
        8, "2026-01-01 00:00",
    ),
    Case(
        "MetaTrader", "no header, `2026.01.05,09:30`", "EURUSD.csv",
        "2026.01.05,09:30,1.17211,1.1722,1.17205,1.17215,120\n"
        "2026.01.05,09:31,1.17215,1.1723,1.1721,1.17225,99\n",
        8, "2026-01-05 09:30",
    ),
    Case(
        "a spreadsheet", "semicolons, decimal commas, `31.12.2025 09:30`", "AAPL.csv",
        "Date;Open;High;Low;Close;Volume\n31.12.2025 09:30;10,5;11,0;10,0;10,5;400\n"
        "31.12.2025 09:31;10,5;11,0;10,0;10,5;400\n",
        8, "2025-12-31 09:30", unknown=True,
    ),
    Case("a spreadsheet", "xlsx", "AAPL.xlsx", spreadsheet(), 8, "2026-01-05 09:30", unknown=True),
    Case(
        "a spreadsheet", "UTF-16 with tabs", "AAPL.txt",
        "Date\tTime\tPrice\tSize\n01/13/2026\t9:30:00 AM\t10.5\t100\n".encode("utf-16"),
        1, "2026-01-13 09:30", unknown=True,
    ),
    Case(
        "a spreadsheet", "old Excel", "AAPL.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512),
        refusal="old Excel file (xls)",
    ),
    Case("anybody", "a web page", "AAPL.csv", "<!DOCTYPE html><html>\n", refusal="web page"),
    Case("anybody", "JSON", "AAPL.csv", '[{"t":1}]', refusal="JSON"),
    Case(
        "anybody", "year 2101", "AAPL.csv",
        "Date,Open,High,Low,Close,Volume\n2101-01-05,10,11,9,10,400\n",
        refusal="2101-01-05 00:00, later than a day from now", unknown=True,
    ),
    Case(
        "anybody", "year 9999", "AAPL.csv",
        "Date,Open,High,Low,Close,Volume\n9999-12-31T23:59:59Z,10,11,9,10,400\n",
        refusal="later than a day from now", unknown=True,
    ),
    Case(
        "anybody", "time `0`", "AAPL.csv", "time,price,size\n0,10,100\n",
        refusal="1970-01-01 00:00", unknown=True,
    ),
    Case(
        "anybody", "a damaged gzip file", "AAPL.csv.gz",
        gzip.compress(("time,price,size\n" * 1000).encode())[:-20], refusal="damaged",
    ),
    Case(
        "Stooq", "small letters in the header", "aapl.us.txt",
        STOOQ_BULK.lower() + "AAPL.US,5,20260105,093500,187.15,188,187,187.5,1000,0\n"
        "AAPL.US,5,20260105,094000,187.5,188.5,187.25,188,900,0\n",
        8, "2026-01-05 09:35",
    ),
    Case(
        "MetaTrader", "tabs, `<VOL>` always 0", "EURUSD_M1.csv",
        "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n"
        "2026.01.05\t09:30:00\t1.1720\t1.1730\t1.1710\t1.1725\t120\t0\t5\n"
        "2026.01.05\t09:31:00\t1.1725\t1.1735\t1.1715\t1.1730\t99\t0\t5\n",
        8, "2026-01-05 09:30",
    ),
    Case(
        "Yahoo", "capital letters, a mark (BOM), CRLF, quotes", "AAPL.csv",
        "\ufeff" + "".join(
            ",".join(f'"{cell}"' for cell in line.split(",")) + "\r\n"
            for line in (YAHOO.upper() + YAHOO_ROWS).splitlines()
        ),
        8, "2026-01-05 00:00",
    ),
    Case(
        "a spreadsheet", "`sep=;` above, blank lines and Ctrl-Z below", "AAPL.csv",
        "sep=;\n" + (BARS + BAR_ROWS).replace(",", ";") + "\n;;;;;\n  \n\x1a",
        8, "2026-01-05 00:00", unknown=True,
    ),
    Case(
        "a spreadsheet", "xlsx with several sheets", "AAPL.xlsx", book_of_notes(), 8,
        "2026-01-05 00:00", unknown=True,
    ),
    Case(
        "a spreadsheet", "xlsx, date and time in two columns", "AAPL.xlsx", book_of_two_columns(),
        8, "2026-01-05 09:30", unknown=True,
    ),
    Case(
        "a spreadsheet", "dates as numbers of days", "AAPL.csv",
        BARS + "46027,10,10.5,9.75,10.25,400\n46028,10,10.5,9.75,10.25,400\n",
        refusal="a date as a spreadsheet counts days (2026-01-05)",
    ),
    Case(
        "a spreadsheet", "thousands `1,100`", "AAPL.csv",
        BARS + '2026-01-05,"1,100","1,102","1,099","1,101",400\n',
        refusal="it has a separator of thousands, or it looks like a decimal comma",
    ),
    Case(
        "anybody", "UTF-16 without a mark", "AAPL.csv", (BARS + BAR_ROWS).encode("utf-16-le"), 8,
        "2026-01-05 00:00", unknown=True,
    ),
    Case(
        "anybody", "months as days", "AAPL.csv",
        BARS + "".join(f"2026-0{n}-01,10,10.5,9.75,10.25,400\n" for n in range(1, 4)),
        refusal="the bars are 28 days apart (2,419,200 s), not 1 day",
    ),
    Case(
        "anybody", "gzip within gzip", "AAPL.csv.gz.gz",
        gzip.compress(gzip.compress((BARS + BAR_ROWS).encode())),
        refusal="the gzip file holds another packed file",
    ),
    Case(
        "anybody", "the wrong ending: `.gz` of plain text", "AAPL.csv.gz", BARS + BAR_ROWS, 8,
        "2026-01-05 00:00", unknown=True,
    ),
    Case(
        "anybody", "a line with semicolons among commas", "AAPL.csv",
        BARS + BAR_ROWS + "2026-01-07;10;10.5;9.75;10.25;400\n",
        refusal="1 columns, expected 6; this line is separated by semicolons",
    ),
]  # fmt: skip
