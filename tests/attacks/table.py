"""docs/faults.md: a row for each attack, what was expected, and what was measured on each server.

A row that is not measured again stays as it is, with its date.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from dashboard.servers.serving import SERVERS
from tests.attacks.registry import Attack, Outcome

NOT_MET: Final = "**not met**"
NOT_MEASURED: Final = "**not measured**"
NAMES: Final = {"daphne": "Daphne", "uvicorn": "uvicorn"}
HEAD: Final = ("attack or fault", "expected", *(NAMES[server] for server in SERVERS), "from", "on")
START: Final = """\
# Faults and attacks

What happens when somebody attacks a running site, or when a part of it breaks: what is expected,
and what was measured on both servers. A run writes this page:

```console
uv run python -m tests.attacks
uv run python -m tests.attacks --subject floods --server uvicorn
```

Unless a row says otherwise, a server has its default settings: 60 instruments at 200 ticks per
second, SQLite, the feed in the same process. Memory is that of the process at its highest, above
where it began. A block of the loop is CPU time of the loop's thread. A traceback in the log of a
server makes a row not met.

What is not as expected says **not met**, and why. A part that is not run again keeps its row and
its date. What is not measured and names a test is tried by that test, which every run of the suite
repeats. The last column but one says where an expectation is from: the goals, limits and faults of
the reliability plan, or the issue about serving this to the world.
"""


@dataclass(slots=True)
class Row:
    """What the page says of one attack: a text for each server that measured it, and when."""

    cells: dict[str, str] = field(default_factory=dict)
    date: str = ""


def cell_of(outcome: Outcome) -> str:
    """Return an outcome as a cell shows it; what is not met cannot be overlooked."""
    measured = _plain(outcome.measured)
    if outcome.is_met:
        return measured
    reason = f": {_plain(outcome.reason)}" if outcome.reason else ""
    return f"{measured}; {NOT_MET}{reason}"


def read_rows(page: str) -> dict[str, Row]:
    """Return the rows of a page by the names of their attacks."""
    rows = {}
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| ") and len(cells) == len(HEAD) and cells[0] not in (HEAD[0], "---"):
            measured = dict(zip(SERVERS, cells[2 : 2 + len(SERVERS)], strict=True))
            texts = {
                server: text
                for server, text in measured.items()
                if not text.startswith(NOT_MEASURED)
            }
            rows[cells[0]] = Row(texts, cells[-1])
    return rows


def page_of(attacks: Iterable[Attack], rows: Mapping[str, Row], machine: str) -> str:
    """Return the page: how many are met, the machine, and a table for each subject."""
    attacks = list(attacks)
    parts = [START, f"{_summary(attacks, rows)}\n\nThe machine: {machine}.\n"]
    for subject in dict.fromkeys(attack.subject for attack in attacks):
        lines = [_line(attack, rows) for attack in attacks if attack.subject == subject]
        head = [_joined(HEAD), _joined(["---"] * len(HEAD))]
        parts.append(f"## {subject.capitalize()}\n\n" + "\n".join([*head, *lines]) + "\n")
    return "\n".join(parts)


def _summary(attacks: list[Attack], rows: Mapping[str, Row]) -> str:
    texts = [
        rows.get(attack.name, Row()).cells.get(server, NOT_MEASURED)
        for attack in attacks
        for server in SERVERS
    ]
    failed = sum(NOT_MET in text for text in texts)
    missing = texts.count(NOT_MEASURED)
    met = len(texts) - failed - missing
    return (
        f"{len(attacks)} attacks and faults on {len(SERVERS)} servers: "
        f"{met} met, {failed} not met, {missing} not measured."
    )


def _line(attack: Attack, rows: Mapping[str, Row]) -> str:
    row = rows.get(attack.name, Row())
    empty = f"{NOT_MEASURED}; see `{attack.test}`" if attack.test else NOT_MEASURED
    measured = [row.cells.get(server, empty) for server in SERVERS]
    return _joined([attack.name, attack.expected, *measured, attack.source, row.date])


def _joined(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _plain(text: str) -> str:
    """Return a text that breaks no table."""
    return " ".join(text.replace("|", "/").split())
