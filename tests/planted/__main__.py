"""Plant small faults, each alone, and see whether tests notice: uv run python -m tests.planted

Each fault is planted in a copy of the tree, and the tests that concern its module are run there.
The faults are chosen by a seed, today's date unless another is named. A run that was ended goes on
where it was when it is started again with the same seed.
"""

import json
import shutil
import signal
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import date
from pathlib import Path
from queue import SimpleQueue
from random import Random
from tempfile import TemporaryDirectory

from tests.planted.choice import chosen
from tests.planted.concerned import Concerns, Stage, source_files
from tests.planted.copies import Outcome, Tree, copied
from tests.planted.fault import Fault
from tests.planted.python_faults import python_faults
from tests.planted.results import Result, Results, as_table, summary
from tests.planted.script_faults import script_faults
from tests.support.places import ROOT


def options_of(arguments: Sequence[str] | None = None) -> Namespace:
    """Return what a command line asks for."""
    parser = ArgumentParser(prog="python -m tests.planted", description=__doc__)
    parser.add_argument("--python", type=int, default=200, help="faults in Python")
    parser.add_argument("--scripts", type=int, default=100, help="faults in scripts")
    parser.add_argument("--seed", type=int, help="chooses the faults; today's date by default")
    parser.add_argument("--only", default="", help="part of a path: only faults in such files")
    parser.add_argument("--near", action="store_true", help="only fast tests, none of importers")
    parser.add_argument("--slow", action="store_true", help="real servers and browsers at the end")
    parser.add_argument("--jobs", type=int, default=1, help="copies that run at once")
    parser.add_argument("--limit", type=float, default=300, help="seconds of one run of tests")
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no fault after these")
    parser.add_argument("--results", type=Path, help="where results are kept")
    parser.add_argument("--list", action="store_true", help="only print the chosen faults")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    return parser.parse_args(arguments)


def all_faults(root: Path, only: str = "") -> tuple[list[Fault], list[Fault]]:
    """Return every fault that can be planted in Python, and in scripts."""
    python, scripts = source_files(root)
    return (
        [f for path in python if only in path for f in python_faults(path, _text(root, path))],
        [f for path in scripts if only in path for f in script_faults(path, _text(root, path))],
    )


def _text(root: Path, path: str) -> str:
    return (root / path).read_text()


class Run:
    """The copies of the tree, and the faults that are planted in them."""

    def __init__(self, options: Namespace, results: Results) -> None:
        self._options = options
        self._results = results
        self._concerns = Concerns(ROOT)
        self._trees: list[Tree] = []
        self._free: SimpleQueue[Tree] = SimpleQueue()
        self._end_s = time.monotonic() + 60 * options.minutes

    def go(self, faults: list[Fault]) -> None:
        """Plant every fault, and write down what became of it."""
        with TemporaryDirectory(prefix="planted-") as place:
            self._prepare(Path(place))
            with ThreadPoolExecutor(self._options.jobs) as pool:
                try:
                    self._plant(faults, pool)
                except BaseException:
                    pool.shutdown(wait=False, cancel_futures=True)  # or it would run all others
                    raise
                finally:
                    self._end()
            for test in sorted(set().union(*(tree.left_out for tree in self._trees))):
                _say(f"was left out, for it fails without a fault: {test}")

    def _plant(self, faults: list[Fault], pool: ThreadPoolExecutor) -> None:
        trying = {pool.submit(self._try, fault): fault for fault in faults}
        for done in as_completed(trying):
            if (outcome := done.result()) is not None:
                self._note(Result(trying[done], outcome))

    def _end(self) -> None:
        for tree in self._trees:
            tree.end()

    def _prepare(self, place: Path) -> None:
        first = copied(ROOT, place / "copy0")
        for number in range(1, self._options.jobs):
            shutil.copytree(first, place / f"copy{number}")
        self._trees = [self._tree(place / f"copy{number}") for number in range(self._options.jobs)]
        for tree in self._trees:
            self._free.put(tree)

    def _tree(self, folder: Path) -> Tree:
        return Tree(folder, limit_s=self._options.limit, with_forks=True)

    def _try(self, fault: Fault) -> Outcome | None:
        if time.monotonic() > self._end_s:
            return None
        tree = self._free.get()
        try:
            return tree.tried(fault, self._stages(fault))
        finally:
            self._free.put(tree)

    def _stages(self, fault: Fault) -> list[Stage]:
        near, slow = self._options.near, self._options.slow
        return self._concerns.stages(fault.path, is_near=near, with_slow=slow)

    def _note(self, result: Result) -> None:
        self._results.add(result)
        verdict, by, took_s = result.outcome
        _say(f"{verdict:9} {took_s:5} s  {result.fault}  {by}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    """Plant the faults that are asked for, and print what became of them."""
    options = options_of()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    seed = options.seed if options.seed is not None else int(f"{date.today():%Y%m%d}")  # noqa: DTZ011
    python, scripts = all_faults(ROOT, options.only)
    wanted = chosen(python, options.python, seed) + chosen(scripts, options.scripts, seed)
    Random(seed).shuffle(wanted)
    _say(f"seed {seed}: {len(wanted)} of {len(python)} + {len(scripts)} possible faults")
    if options.list:
        print("\n".join(map(str, wanted)))
        return
    results = Results(options.results or ROOT / ".planted" / f"{seed}.jsonl")
    rest = [fault for fault in wanted if fault not in results.known]
    if rest:
        Run(options, results).go(rest)
    done = [results.known[fault] for fault in wanted if fault in results.known]
    if options.json:
        entries = [result.as_json() for result in sorted(done)]
        print(json.dumps({"seed": seed, "counts": summary(done), "faults": entries}, indent=1))
    else:
        print(as_table(done))


if __name__ == "__main__":
    main()
