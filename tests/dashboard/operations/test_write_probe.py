"""The probe notes that the database takes no writes, and when it does again; it leaves nothing."""

import asyncio
import threading
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
from django import db
from django.contrib.sessions.models import Session

from dashboard.operations import write_probe
from dashboard.operations.write_probe import WriteProbe, try_to_write
from dashboard.process.database_trouble import explain
from feeds.database import Writability
from tests.support.waiting import until


def test_a_probe_notes_trouble_and_its_end() -> None:
    errors = [db.OperationalError("database is locked"), None]

    def attempt() -> None:
        if (error := errors.pop(0)) is not None:
            raise error

    writability = Writability()
    probe = WriteProbe(writability, attempt=attempt)
    probe.look()
    assert writability.error == "database is locked"
    probe.look()
    assert writability.error == ""


@pytest.mark.django_db
def test_a_probe_leaves_nothing_behind() -> None:
    try_to_write()
    assert not Session.objects.exists()


def test_a_database_that_is_no_file_is_asked_to_delete_and_takes_it_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[object] = []
    cursor = SimpleNamespace(execute=lambda *said: done.append(said))
    server = SimpleNamespace(
        vendor="postgresql", settings_dict={"NAME": "/"}, cursor=lambda: nullcontext(cursor)
    )
    changes = SimpleNamespace(atomic=nullcontext, set_rollback=done.append)
    monkeypatch.setattr(write_probe, "connection", server)
    monkeypatch.setattr(write_probe, "transaction", changes)
    monkeypatch.setattr(write_probe, "disk_usage", lambda _: SimpleNamespace(free=0))
    try_to_write()
    assert done == [("DELETE FROM django_session WHERE session_key = 'write probe'",), True]


@pytest.mark.django_db(transaction=True)
def test_a_read_only_database_is_noticed() -> None:
    if db.connection.vendor == "sqlite":
        on, off = "PRAGMA query_only = 1", "PRAGMA query_only = 0"
    else:
        on, off = (
            "SET default_transaction_read_only = on",
            "SET default_transaction_read_only = off",
        )
    with db.connection.cursor() as cursor:
        cursor.execute(on)
        try:
            with pytest.raises(db.DatabaseError, match=r"read-?only"):
                try_to_write()
        finally:
            cursor.execute(off)


@pytest.mark.django_db
def test_a_full_disk_is_noticed_before_it_is_needed(
    monkeypatch: pytest.MonkeyPatch, settings: object
) -> None:
    if db.connection.vendor != "sqlite":
        return
    monkeypatch.setitem(db.connection.settings_dict, "NAME", __file__)
    monkeypatch.setattr(write_probe, "LEAST_FREE_BYTES", 2**80)
    with pytest.raises(db.OperationalError, match="full"):
        try_to_write()


@pytest.mark.django_db
@pytest.mark.parametrize(("free", "is_full"), [(2**20, False), (2**20 - 1, True)])
def test_a_disk_with_a_mebibyte_is_not_full(
    monkeypatch: pytest.MonkeyPatch, free: int, is_full: bool
) -> None:
    if db.connection.vendor != "sqlite":
        return
    monkeypatch.setitem(db.connection.settings_dict, "NAME", __file__)
    monkeypatch.setattr(write_probe, "disk_usage", lambda _: SimpleNamespace(free=free))
    error = pytest.raises(db.OperationalError) if is_full else nullcontext()
    with error:
        try_to_write()


async def test_a_stop_does_not_wait_for_a_database_that_is_locked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(write_probe, "EVERY_S", 0.0)
    begun, is_free = threading.Event(), threading.Event()
    # Released in the end whatever happens, as the thread would keep the process alive.
    release = threading.Timer(20, is_free.set)
    release.start()

    def attempt() -> None:
        begun.set()
        is_free.wait()

    running = asyncio.ensure_future(WriteProbe(Writability(), attempt=attempt).run())
    await until(begun.is_set)
    running.cancel()
    await asyncio.wait({running})
    was_free = is_free.is_set()
    release.cancel()
    is_free.set()
    assert not was_free


@pytest.mark.parametrize(
    ("error", "fact"),
    [
        ("attempt to write a readonly database", "The database is read-only."),
        ("cannot execute DELETE in a read-only transaction", "The database is read-only."),
        ("database or disk is full", "The database is full."),
        ("could not extend file: No space left on device", "The database is full."),
        ("database is locked", "The database is locked."),
        ("canceling statement due to lock timeout", "The database is locked."),
        ("connection refused", "The database cannot be used (connection refused)."),
    ],
)
def test_admins_read_what_is_wrong(error: str, fact: str) -> None:
    assert explain(error).startswith(fact)
    assert "Prices go on." in explain(error)


def test_nothing_is_said_while_all_is_well() -> None:
    assert explain("") == ""
