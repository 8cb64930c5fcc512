"""Each kind of fault in a script is found where it can be, and makes what it names."""

import pytest

from tests.planted.concerned import source_files
from tests.planted.script_faults import script_faults
from tests.planted.script_tokens import pairs_of, tokens_of
from tests.support.places import ROOT


def planted(source: str) -> list[tuple[str, str]]:
    """Return the kind of each fault, and the source with it."""
    return [(fault.kind, fault.planted_in(source)) for fault in script_faults("a.js", source)]


@pytest.mark.parametrize(
    ("source", "kind", "becomes"),
    [
        ("f(a === b);", "comparison turned", ["f(a !== b);"]),
        ("f(a < b);", "comparison turned", ["f(a >= b);"]),
        ("f(a < b);", "boundary moved", ["f(a <= b);"]),
        ("f((a) => b);", "boundary moved", []),
        ("x = a + b;", "arithmetic changed", ["x = a - b;"]),
        ("x += a;", "arithmetic changed", ["x -= a;"]),
        ('x = a + "text";', "arithmetic changed", []),
        ("x = a / b / c;", "arithmetic changed", ["x = a * b / c;", "x = a / b * c;"]),
        ("x = /a+b/.test(c);", "arithmetic changed", []),
        ("x = `${a + b}`;", "arithmetic changed", []),
        ('import * as a from "./b.js";', "arithmetic changed", []),
        ("f(a && b);", "and for or", ["f(a || b);"]),
        ("f(a && (b ?? c));", "and for or", []),
        ("f(!a);", "not dropped", ["f(a);"]),
        ("f(!!a);", "not dropped", []),
        ("f(-a, b - c);", "minus dropped", ["f(a, b - c);"]),
        ("return a.b(() => { c(); });", "result replaced", ["return null;"]),
        ("return;", "result replaced", []),
        ("return null;", "result replaced", []),
        ("x = 1_000;", "number changed", ["x = 1001;"]),
        ("x = 0.5;", "number changed", ["x = 1.5;"]),
        ("x = 0x0f;", "number changed", ["x = 16;"]),
        ("x = {400: a, 500: b};", "number changed", []),
        ("x = {a: true};", "flag turned", ["x = {a: false};"]),
        ("if (a(b)) c();", "condition fixed", ["if (false) c();", "if (true) c();"]),
        ("while (a) b();", "condition fixed", ["while (false) b();"]),
        ("if (a) b.c(d);", "call removed", ["if (a) ;"]),
        ("{ this.#a?.b(c)[d].e(); }", "call removed", ["{ ; }"]),
        ("await a.delete(b);", "call removed", [";"]),
        ("const a = b(c);", "call removed", []),
        ("a = b(c);", "call removed", []),
        ("throw a(b);", "call removed", []),
        ("console.log(a);", "call removed", []),
        ("f(a, {b, c});", "argument dropped", ["f(a);"]),
        ("f(a, b,);", "argument dropped", ["f(a,);"]),
        ("class A { b(c, d) {} }", "argument dropped", []),
        ("function f(a, b) {}", "argument dropped", []),
        ("f = (a, b) => a;", "argument dropped", []),
        ("for (const [a, b] of c) d();", "argument dropped", []),
    ],
)
def test_a_kind_makes_the_fault_that_it_names(source: str, kind: str, becomes: list[str]) -> None:
    found = [text for name, text in planted(source) if name == kind]
    assert sorted(found) == sorted(becomes)


@pytest.mark.parametrize(
    "source",
    ["// a < b", "/** @param {number} a 1 < 2 */", "/* return a; */", '"a < b"', "`a < ${b} < 1`"],
)
def test_what_no_test_can_notice_is_left_out(source: str) -> None:
    assert planted(source) == []


def test_tokens_know_what_a_slash_is() -> None:
    texts = [token.text for token in tokens_of("a / b; x = /[/]\\//g; `${`}` / 2}` // end")]
    assert texts == ["a", "/", "b", ";", "x", "=", "/[/]\\//g", ";", "`${`}` / 2}`"]


@pytest.mark.parametrize("source", ["f(a]", "f(a", "a)", "`${a"])
def test_what_is_no_script_is_refused(source: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        pairs_of(tokens_of(source))


@pytest.mark.slow
def test_every_script_of_the_project_is_read() -> None:
    for path in source_files(ROOT)[1]:
        assert pairs_of(tokens_of((ROOT / path).read_text())), path


@pytest.mark.slow
def test_every_fault_of_a_real_script_leaves_another_text_of_tokens() -> None:
    path = "static/js/market/tape.js"
    source = (ROOT / path).read_text()
    before = [token.text for token in tokens_of(source)]
    faults = script_faults(path, source)
    assert len(faults) > 40
    for fault in faults:
        tokens = tokens_of(fault.planted_in(source))
        assert pairs_of(tokens)
        assert [token.text for token in tokens] != before, fault
