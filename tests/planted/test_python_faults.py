"""Each kind of fault in Python makes what it names, and leaves a program."""

import ast

import pytest

from tests.laws.sources import python_modules
from tests.planted.fault import Fault
from tests.planted.python_faults import python_faults


def planted(source: str) -> list[tuple[str, str]]:
    """Return the kind of each fault, and the source with it."""
    return [(fault.kind, fault.planted_in(source)) for fault in python_faults("a.py", source)]


def kinds(source: str) -> set[str]:
    return {kind for kind, _ in planted(source)}


@pytest.mark.parametrize(
    ("source", "kind", "becomes"),
    [
        ("f(a < b)", "comparison turned", ["f(a >= b)"]),
        ("f(a is None)", "comparison turned", ["f(a is not None)"]),
        ("f(a not  in b)", "comparison turned", ["f(a in b)"]),
        ("f((a) == (b))", "comparison turned", ["f((a) != (b))"]),
        ("f(a < b <= c)", "comparison turned", ["f(a < b > c)", "f(a >= b <= c)"]),
        ("f(a < b)", "boundary moved", ["f(a <= b)"]),
        ("f(a >= b)", "boundary moved", ["f(a > b)"]),
        ("f(a == b)", "boundary moved", []),
        ("x = a + b", "arithmetic changed", ["x = a - b"]),
        ("x = a // b", "arithmetic changed", ["x = a * b"]),
        ("x += a", "arithmetic changed", ["x -= a"]),
        ("x = a + 'text'", "arithmetic changed", []),
        ("x = [a] + b", "arithmetic changed", []),
        ("x = a and b or c", "and for or", ["x = a and b and c", "x = a or b or c"]),
        ("f(not a)", "not dropped", ["f(a)"]),
        ("f(not(a))", "not dropped", ["f((a))"]),
        ("f(-a)", "minus dropped", ["f(a)"]),
        ("def f():\n    return a, b", "result replaced", ["def f():\n    return None"]),
        ("def f():\n    return True", "result replaced", []),
        ("def f():\n    return", "result replaced", []),
        ("LIMIT = 1_000", "number changed", ["LIMIT = 1001"]),
        ("SHARE = 0.5", "number changed", ["SHARE = 1.5"]),
        ("f(a, b=True)", "flag turned", ["f(a, b=False)"]),
        ("if a:\n    b()", "condition fixed", ["if False:\n    b()", "if True:\n    b()"]),
        ("x = a if b else c", "condition fixed", ["x = a if False else c", "x = a if True else c"]),
        ("while a:\n    b()", "condition fixed", ["while False:\n    b()"]),
        ("while True:\n    b()", "condition fixed", []),
        ("x = [a for a in b if c]", "condition fixed", ["x = [a for a in b if True]"]),
        ("if (a := f()):\n    g(a)", "condition fixed", []),
        ("a.b(c)", "call removed", ["pass"]),
        ("async def f():\n    await a(b)", "call removed", ["async def f():\n    pass"]),
        ("f(a, b=c)", "argument dropped", ["f(a)"]),
        ("f(b=c, d=e)", "argument dropped", ["f(b=c)", "f(d=e)"]),
        ("f(b=(c),)", "argument dropped", ["f()"]),
        ("f((a), b=c)", "argument dropped", ["f((a))"]),
        ("f(a, help='b', **c)", "argument dropped", []),
        ("x = 'ä', a < b", "boundary moved", ["x = 'ä', a <= b"]),
    ],
)
def test_a_kind_makes_the_fault_that_it_names(source: str, kind: str, becomes: list[str]) -> None:
    found = [text for name, text in planted(source) if name == kind]
    assert sorted(found) == sorted(becomes)


@pytest.mark.parametrize(
    "source",
    [
        '"""A text with 1 < 2."""',
        "def f(a: Literal[1]) -> Literal[2]:\n    ...",
        "LIMIT: Annotated[int, 5]",
        "__all__ = ['a', 1]",
        "log.warning('a %s', 1 + a, extra={'b': True})",
        "x = f'{a + 1}'",
        "if TYPE_CHECKING:\n    LIMIT = 1",
        "if __name__ == '__main__':\n    main(1)",
        "@dataclass(frozen=True)\nclass A(B, kw_only=True):\n    c: int",
        "name = models.CharField(max_length=64)",
    ],
)
def test_what_no_test_can_notice_is_left_out(source: str) -> None:
    assert kinds(source) == set()


def test_a_fault_knows_its_line_and_what_it_was() -> None:
    assert python_faults("a.py", "\nx = a + b") == [
        Fault("a.py", 2, 7, 8, "arithmetic changed", "+", "-")
    ]


def test_a_fault_is_not_planted_in_another_text() -> None:
    [fault] = python_faults("a.py", "x = a + b")
    with pytest.raises(ValueError, match=r"a\.py:1 is not what it was"):
        fault.planted_in("x = a * b")


@pytest.mark.slow
def test_every_fault_of_real_modules_leaves_another_program() -> None:
    """Not only the samples above, but what the project writes."""
    names = ("dashboard.delivery.outboxes.bars", "feeds.engine.delayed_market")
    for source in (python_modules()[name].read_text() for name in names):
        before = ast.dump(ast.parse(source))
        faults = python_faults("a.py", source)
        assert len(faults) > 40
        for fault in faults:
            assert ast.dump(ast.parse(fault.planted_in(source))) != before, fault
