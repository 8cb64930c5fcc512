"""How much memory is left is read where Linux says it, and the tightest limit counts."""

import resource
from pathlib import Path

import pytest

from dashboard.process.memory import LAST_BYTES, Memory, read_memory

MIB = 2**20
MACHINE = "MemTotal: 1000 kB\nMemFree: 10 kB\nMemAvailable: 600 kB\nHugePages_Total: 0\n"


def write(root: Path, **files: str) -> None:
    """Write files of a made-up system; `__` in a name is a slash."""
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def group(root: Path, folder: str, limit: str, current: int, inactive: int = 0) -> None:
    """Write a control group."""
    place = root / "sys" / "fs" / "cgroup" / folder
    place.mkdir(parents=True, exist_ok=True)
    (place / "memory.max").write_text(f"{limit}\n")
    (place / "memory.current").write_text(f"{current}\n")
    (place / "memory.stat").write_text(f"anon 5\ninactive_file {inactive}\n")


def test_where_nothing_is_known_there_is_none(tmp_path: Path) -> None:
    assert read_memory(0, tmp_path) is None
    assert read_memory(MIB, tmp_path) is None


def test_the_machine_counts_what_is_not_available(tmp_path: Path) -> None:
    write(tmp_path, proc__meminfo=MACHINE)
    assert read_memory(0, tmp_path) == Memory(400 * 1024, 1000 * 1024, "the machine")


@pytest.mark.parametrize(
    ("available_mib", "swap_mib", "share"),
    [
        (60_000, 0, 0.0),
        (2_561, 0, 0.0),
        (257, 0, 0.8996),
        (256, 0, 0.9),
        (0, 256, 0.9),
        (128, 0, 0.95),
    ],
)
def test_of_a_large_machine_only_the_last_counts(
    tmp_path: Path, available_mib: int, swap_mib: int, share: float
) -> None:
    lines = {"MemTotal": 64_000, "MemAvailable": available_mib, "SwapFree": swap_mib}
    text = "".join(f"{name}: {mib * 1024} kB\n" for name, mib in lines.items())
    write(tmp_path, proc__meminfo=text)
    memory = read_memory(0, tmp_path)
    assert memory is not None
    assert memory.share == pytest.approx(share, abs=1e-4)
    assert memory.left == min(LAST_BYTES, (available_mib + swap_mib) * MIB)


def test_a_limit_of_the_process_counts_its_resident_memory(tmp_path: Path) -> None:
    write(tmp_path, proc__meminfo=MACHINE, proc__self__statm="9999 512 7 1 0 8 0\n")
    used = 512 * resource.getpagesize()
    assert read_memory(2 * used, tmp_path) == Memory(used, 2 * used, "the process")
    assert read_memory(0, tmp_path) == Memory(400 * 1024, 1000 * 1024, "the machine")


def test_files_that_the_system_remembers_do_not_count(tmp_path: Path) -> None:
    group(tmp_path, "", "1000", current=950, inactive=900)
    assert read_memory(0, tmp_path) == Memory(50, 1000, "the container")


@pytest.mark.parametrize("limit", ["max", "0", "", "-1"])
def test_a_group_without_a_limit_is_left_out(tmp_path: Path, limit: str) -> None:
    group(tmp_path, "", limit, current=950)
    assert read_memory(0, tmp_path) is None


def test_the_tightest_of_the_groups_counts(tmp_path: Path) -> None:
    write(tmp_path, proc__self__cgroup="0::/system.slice/market.service\n")
    group(tmp_path, "system.slice", "1000", current=900)
    group(tmp_path, "system.slice/market.service", "max", current=800)
    assert read_memory(0, tmp_path) == Memory(900, 1000, "the container")
    group(tmp_path, "system.slice/market.service", "800", current=790)
    assert read_memory(0, tmp_path) == Memory(790, 800, "the container")


def test_in_a_container_the_group_of_the_host_is_not_there(tmp_path: Path) -> None:
    write(tmp_path, proc__self__cgroup="1:name=systemd:/x\n0::/docker/abc\n")
    group(tmp_path, "", "1000", current=990)
    assert read_memory(0, tmp_path) == Memory(990, 1000, "the container")


def test_only_groups_of_the_second_version_count(tmp_path: Path) -> None:
    write(tmp_path, proc__self__cgroup="1:cpu:/market\n0::/market\n")
    group(tmp_path, "pu:/market", "1000", current=999)
    group(tmp_path, "market", "1000", current=600)
    assert read_memory(0, tmp_path) == Memory(600, 1000, "the container")


def test_what_lies_above_the_groups_is_none(tmp_path: Path) -> None:
    group(tmp_path, "..", "1000", current=990)
    assert read_memory(0, tmp_path) is None


def test_this_machine_says_something() -> None:
    memory = read_memory(1)
    assert memory is not None
    assert memory.owner == "the process"
    assert memory.share > 1
