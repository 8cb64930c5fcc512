"""Functions that are loaded get the code of a changed source; what is outside of them cannot."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from tests.planted.new_code import LoadedFunctions, NotInFunctions, changed_codes

SOURCE = """\
LIMIT = 3
def plain(value):
    return value > 3
class Gauge:
    limit = 4
    def level(self, value):
        return [item > 4 for item in value]
def outer(add):
    def inner(value):
        return value + add + 5
    return inner
by_name = {"six": lambda value: value > 6}
"""


@pytest.fixture
def module(tmp_path: Path) -> ModuleType:
    """A module that is loaded from a file, as any other."""
    file = tmp_path / "example.py"
    file.write_text(SOURCE)
    spec = spec_from_file_location("planted_example", file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def change(module: ModuleType, was: str, becomes: str) -> None:
    assert SOURCE.count(was) == 1
    LoadedFunctions().change(str(module.__file__), SOURCE, SOURCE.replace(was, becomes))


def test_a_function_has_the_new_code_wherever_it_is_known(module: ModuleType) -> None:
    known = module.plain
    change(module, "value > 3", "value > 8")
    assert (known(5), known(9)) == (False, True)


def test_a_method_has_it_in_objects_that_there_are(module: ModuleType) -> None:
    gauge = module.Gauge()
    change(module, "item > 4", "item < 4")
    assert gauge.level([1, 9]) == [True, False]


def test_an_inner_function_has_it_whenever_it_was_made(module: ModuleType) -> None:
    early = module.outer(1)
    change(module, "+ 5", "+ 50")
    assert (early(2), module.outer(1)(2)) == (53, 53)


def test_a_function_without_a_name_has_it(module: ModuleType) -> None:
    change(module, "value > 6", "value < 6")
    assert module.by_name["six"](1)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [("LIMIT = 3", "LIMIT = 4"), ("limit = 4", "limit = 5"), ("value + add", "value")],
)
def test_what_is_no_code_of_a_function_cannot_be_changed(
    module: ModuleType, was: str, becomes: str
) -> None:
    early = module.outer(1)
    with pytest.raises(NotInFunctions, match="function"):
        change(module, was, becomes)
    assert (early(2), module.outer(1)(2)) == (8, 8)


def test_functions_of_other_files_stay(module: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(NotInFunctions):
        LoadedFunctions().change(str(tmp_path / "other.py"), SOURCE, SOURCE.replace("> 3", "> 8"))
    assert module.plain(5)


def test_only_what_differs_is_named() -> None:
    codes = changed_codes("example.py", SOURCE, SOURCE.replace("+ 5", "+ 6"))
    assert sorted(codes) == [("outer", 8), ("outer.<locals>.inner", 9)]
    assert changed_codes("example.py", SOURCE, SOURCE) == {}
