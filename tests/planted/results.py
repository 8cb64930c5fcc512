"""What became of each fault: kept line by line, so that a run can go on where it ended."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from tests.planted.copies import Outcome
from tests.planted.fault import Fault, short


class Result(NamedTuple):
    """A fault and what became of it."""

    fault: Fault
    outcome: Outcome

    def as_json(self) -> dict[str, Any]:
        """Return both as JSON has them."""
        return self.fault._asdict() | self.outcome._asdict()


class Results:
    """The results in a file; what stands there from an earlier run counts."""

    def __init__(self, file: Path) -> None:
        self._file = file
        lines = file.read_text().splitlines() if file.exists() else []
        found = [_read(json.loads(line)) for line in lines]
        self.known = {result.fault: result for result in found}

    def add(self, result: Result) -> None:
        """Write a result down."""
        self.known[result.fault] = result
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a") as file:
            file.write(json.dumps(result.as_json()) + "\n")


def _read(entry: dict[str, Any]) -> Result:
    fault = Fault(**{name: entry[name] for name in Fault._fields})
    return Result(fault, Outcome(**{name: entry[name] for name in Outcome._fields}))


def summary(results: Iterable[Result]) -> dict[str, dict[str, int]]:
    """Return how many faults had which end, of Python and of scripts."""
    counts: dict[str, Counter[str]] = {"Python": Counter(), "scripts": Counter()}
    for result in results:
        language = "scripts" if result.fault.path.endswith(".js") else "Python"
        counts[language][result.outcome.verdict] += 1
    return {language: dict(count) for language, count in counts.items()}


def as_table(results: Iterable[Result]) -> str:
    """Return the counts, and a line for each fault that nothing noticed."""
    found = sorted(results)
    lines = []
    for language, counts in summary(found).items():
        total = sum(counts.values())
        if total:
            ends = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
            share = 100 * counts.get("noticed", 0) / total
            lines.append(f"{language}: {total} planted, {ends} ({share:.0f} % noticed)")
    left = [result for result in found if result.outcome.verdict != "noticed"]
    places = [f"{result.fault.path}:{result.fault.line}" for result in left]
    width = max(map(len, places), default=0)
    lines += [
        f"{place:{width}}  {result.outcome.verdict:9} {result.fault.kind:18}"
        f" {short(result.fault.was)} -> {short(result.fault.becomes)}"
        for place, result in zip(places, left, strict=True)
    ]
    return "\n".join(lines)
