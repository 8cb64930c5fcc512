"""200 people in a storm of cancelled connections: nobody reads a byte that belongs to another."""

from collections import Counter
from collections.abc import Collection
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from dashboard.runtime import read_personal
from dashboard.wire.personal import Personal
from tests.oracle.storm import Rows, Storm
from tests.support.long_runs import CALCULATES

SEED = 1
pytestmark = [pytest.mark.django_db(transaction=True), CALCULATES]


@pytest.mark.parametrize(
    ("people", "messages"), [(10, 500), pytest.param(200, 100_000, marks=pytest.mark.slow)]
)
async def test_nobody_reads_what_is_not_theirs(
    people: int, messages: int, record_property: Any
) -> None:
    rows = await sync_to_async(Rows)(people)
    storm = await sync_to_async(Storm)(rows, SEED)
    await storm.rage(messages, rounds=messages)
    personal = sum(person.personal for person in storm.people)
    figures = Counter(messages=storm.messages, personal=personal) + storm.done
    figures.update({str(name): count for name, count in storm.connections.items()})
    record_property("figures", ", ".join(f"{count} {what}" for what, count in figures.items()))
    assert [person.foreign for person in storm.people if person.foreign] == []
    assert storm.messages >= messages
    assert all(person.personal for person in storm.people)
    assert not storm.hub.connections


@pytest.mark.slow
async def test_a_text_of_another_is_found() -> None:
    async def read_crossed(user_ids: Collection[int]) -> dict[int, Personal]:
        """Answer with what another one asked for, as a cancelled read once did elsewhere."""
        personal = await read_personal(user_ids)
        ids = list(personal)
        return dict(zip(ids, map(personal.__getitem__, ids[1:] + ids[:1]), strict=True))

    rows = await sync_to_async(Rows)(5)
    storm = await sync_to_async(Storm)(rows, SEED, read_crossed)
    await storm.rage(200, rounds=200)
    assert any(person.foreign for person in storm.people)
