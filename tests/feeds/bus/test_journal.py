"""What was published outlives kill -9; a journal that cannot be used stops nothing."""

import errno
import os
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from feeds.bus import journal as journal_module
from feeds.bus.journal import HEADER, Journal
from feeds.bus.memory import MemoryBus
from feeds.market.events import NOTHING, Batch, Position, Quote
from tests.support.market_script import NOW, listing
from tests.support.places import ROOT


def written(folder: Path, *records: bytes) -> Journal:
    journal = Journal(folder)
    for record in records:
        journal.append(record)
    return journal


def read(folder: Path) -> list[bytes]:
    """Return what another process finds."""
    return list(Journal(folder).records())


def part(folder: Path) -> Path:
    (file,) = folder.iterdir()
    return file


def test_records_come_back_in_order_over_all_parts(tmp_path: Path) -> None:
    journal = written(tmp_path / "j", b"a", b"", b"c" * 70_000)
    journal.begin_part()
    journal.append(b"d")
    later = Journal(tmp_path / "j")
    later.append(b"e")
    assert read(tmp_path / "j") == [b"a", b"", b"c" * 70_000, b"d", b"e"]


def test_a_folder_that_is_not_there_has_no_records(tmp_path: Path) -> None:
    assert read(tmp_path / "j") == []
    Journal(tmp_path / "j").forget_before(5)
    assert not (tmp_path / "j").exists()


def test_a_process_that_was_killed_loses_nothing(tmp_path: Path) -> None:
    script = f"""
import os, signal
from contextlib import suppress
from pathlib import Path
from feeds.bus.journal import Journal
journal = Journal(Path({str(tmp_path / "j")!r}))
for number in range(1000):
    journal.append(b"%d" % number)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, timeout=60)
    assert done.returncode == -9
    assert read(tmp_path / "j") == [b"%d" % number for number in range(1000)]


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    os.umask(os.umask(0))
    written(tmp_path / "j", b"a")
    assert stat.S_IMODE((tmp_path / "j").stat().st_mode) == 0o700
    assert stat.S_IMODE(part(tmp_path / "j").stat().st_mode) == 0o600


def test_parts_of_before_a_checkpoint_go_also_those_of_an_earlier_process(tmp_path: Path) -> None:
    written(tmp_path, b"earlier")
    journal = written(tmp_path, b"before")
    number = journal.begin_part()
    journal.append(b"after")
    journal.forget_before(number)
    assert read(tmp_path) == [b"after"]


def test_a_checkpoint_that_could_not_be_stored_keeps_the_parts_before_it(tmp_path: Path) -> None:
    journal = written(tmp_path, b"a")
    journal.begin_part()
    journal.append(b"b")
    number = journal.begin_part()
    journal.append(b"c")
    assert read(tmp_path) == [b"a", b"b", b"c"]
    journal.forget_before(number)
    assert read(tmp_path) == [b"c"]


def test_a_part_that_was_prepared_opens_no_file_when_it_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loop that publishes must not wait for a disk."""
    journal = Journal(tmp_path)
    journal.prepare_part()
    journal.prepare_part()
    first = journal.begin_part()
    journal.append(b"a")
    journal.prepare_part()
    with monkeypatch.context() as opened:
        opened.setattr(journal_module.os, "open", lambda *_: pytest.fail("it opened a file"))
        journal.append(b"b")
        second = journal.begin_part()
        journal.append(b"c")
    assert (first, second) == (1, 2)
    assert read(tmp_path) == [b"a", b"b", b"c"]
    journal.forget_before(second)
    assert read(tmp_path) == [b"c"]


def test_a_prepared_part_without_records_is_no_fault_and_goes_with_the_next_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal = written(tmp_path, b"a")
    journal.prepare_part()
    later = Journal(tmp_path)
    assert list(later.records()) == [b"a"]
    assert not caplog.text
    later.prepare_part()
    later.forget_before(later.begin_part())
    later.append(b"b")
    assert read(tmp_path) == [b"b"]
    assert len(list(tmp_path.iterdir())) == 1


def is_below(folder: Path, link: Path) -> bool:
    """Say whether an open file is below a folder; it may have been removed, or closed meanwhile."""
    with suppress(FileNotFoundError):
        return link.readlink().is_relative_to(folder)
    return False


def test_a_part_that_cannot_be_prepared_is_opened_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = FullDisk(monkeypatch, 3)
    journal = Journal(tmp_path)
    journal.prepare_part()
    assert list(tmp_path.iterdir()) == []
    assert not [link for link in Path("/proc/self/fd").glob("*") if is_below(tmp_path, link)]
    journal.begin_part()
    disk.room = 10_000
    journal.append(b"a")
    assert read(tmp_path) == [b"a"]


@pytest.mark.parametrize("lost", range(1, 12))
def test_a_torn_record_ends_a_part(
    tmp_path: Path, lost: int, caplog: pytest.LogCaptureFixture
) -> None:
    written(tmp_path, b"whole", b"torn")
    file = part(tmp_path)
    os.truncate(file, file.stat().st_size - lost)
    assert read(tmp_path) == [b"whole"]
    assert "ends within a record" in caplog.text


def test_any_byte_that_changed_is_noticed(tmp_path: Path) -> None:
    written(tmp_path, b"first", b"second")
    file = part(tmp_path)
    content = file.read_bytes()
    for at in range(len(content)):
        file.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        assert read(tmp_path) in ([], [b"first"])


@pytest.mark.parametrize("content", [b"", b"something else", HEADER.replace(b"1", b"2") + b"x"])
def test_a_file_of_another_form_is_left_out(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    written(tmp_path, b"mine")
    (tmp_path / "0000000000-1.part").write_bytes(content)
    (tmp_path / "notes.txt").write_bytes(b"not ours")
    (tmp_path / "x-1.part").write_bytes(b"not ours")
    assert read(tmp_path) == [b"mine"]
    assert "another version, or damaged file=0000000000-1.part" in caplog.text


def test_a_file_that_cannot_be_read_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    written(tmp_path, b"mine")
    (tmp_path / "0000000000-1.part").mkdir()
    assert read(tmp_path) == [b"mine"]
    assert "journal cannot be read" in caplog.text


class FullDisk:
    """A disk that takes some bytes, and none when it is full."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
        self.room = room
        self._write = os.write
        monkeypatch.setattr(journal_module.os, "write", self.write)

    def write(self, file: int, content: bytes) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = content[: self.room]
        self.room -= len(taken)
        return self._write(file, taken)


def test_a_full_disk_is_named_once_and_written_again_with_the_next_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    disk = FullDisk(monkeypatch, len(HEADER) + 8 + 5 + 3)
    journal = written(tmp_path, b"whole", b"torn", b"not written")
    journal.begin_part()
    journal.append(b"neither")
    journal.begin_part()
    journal.append(b"nor this")
    assert caplog.text.count("journal cannot be written") <= 2
    disk.room = 10_000
    journal.append(b"nothing follows a hole")
    number = journal.begin_part()
    journal.append(b"again")
    journal.forget_before(number)
    assert read(tmp_path) == [b"again"]
    assert "journal is written again" in caplog.text


def test_a_folder_that_cannot_be_made_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "j").write_text("a file")
    written(tmp_path / "j", b"a", b"b")
    assert caplog.text.count("journal cannot be written") == 1


def test_it_does_not_grow_for_ever(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    journal = Journal(tmp_path, limit_bytes=100)
    for _ in range(4):
        journal.append(b"x" * 40)
        journal.begin_part()
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 100
    assert caplog.text.count("so it is full") == 1
    journal.forget_before(journal.begin_part())
    journal.append(b"again")
    assert read(tmp_path) == [b"again"]


async def publish(bus: MemoryBus, epoch: str = "e1") -> None:
    await bus.publish(Batch(epoch, 1, (listing("NVX"),)))
    for sequence in (2, 3, 4):
        await bus.publish(Batch(epoch, sequence, (Quote("NVX", 1, 2, 1, 1, NOW),)))


async def test_the_bus_returns_what_was_published_after_a_position(tmp_path: Path) -> None:
    await publish(MemoryBus(Journal(tmp_path)), "e0")
    bus = MemoryBus(Journal(tmp_path))
    await publish(bus)
    later = MemoryBus(Journal(tmp_path))
    found = await later.published_after(Position("e1", 2))
    assert [(batch.epoch, batch.first) for batch in found] == [("e1", 3), ("e1", 4)]
    assert await later.published_after(Position("e2", NOTHING)) == []
    bus.forget_before(bus.begin_part())
    assert await later.published_after(Position("e1", NOTHING)) == []


async def test_a_record_that_is_no_batch_ends_the_journal(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await publish(MemoryBus(Journal(tmp_path)))
    written(tmp_path, b"no batch")
    assert len(await MemoryBus(Journal(tmp_path)).published_after(Position("e1", 0))) == 4
    assert "journal cannot be used from here on" in caplog.text


async def test_a_bus_without_a_journal_keeps_nothing() -> None:
    bus = MemoryBus()
    await publish(bus)
    assert await bus.published_after(Position("e1", NOTHING)) == []
    bus.forget_before(bus.begin_part())
