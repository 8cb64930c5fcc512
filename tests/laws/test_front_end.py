"""The rooms of the browser's half: who imports whom, and what no script and no page may contain."""

import re
from collections import Counter
from collections.abc import Callable
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from tests.laws.sources import ROOT, Found, lines_of

SCRIPT_ROOT = ROOT / "static" / "js"
SCRIPTS = {
    path.relative_to(SCRIPT_ROOT).as_posix(): path for path in sorted(SCRIPT_ROOT.rglob("*.js"))
}
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*") if path.is_file())

STEADY = "steady_clock.js"
FREE = {"format.js", "dom.js", "symbols.js", "late.js", STEADY}
NETWORK_ROOMS = {"wire", "requests", "transports", "connection", "tabs", "push"}
SCREEN_ROOMS = {
    *("screen/page", "screen/status", "screen/notifications", "screen/watchlist"),
    *("screen/trades", "screen/chart", "screen/lab", "screen/deck", "screen/developers"),
    *("screen/commands", "screen/heatmap", "screen/alerts"),
}
ROOMS: dict[str, set[str]] = {
    "theme-boot.js": set(),
    "format.js": set(),
    "dom.js": set(),
    "late.js": set(),
    "symbols.js": set(),
    STEADY: set(),
    "wire": set(),
    "requests": {"wire"},
    "transports": {"wire", STEADY},
    "connection": {"wire", "transports", STEADY},
    "tabs": {"wire", "transports", "connection", STEADY},
    "push": {"requests"},
    "market": {"wire", "format.js"},
    "lab/measure": {"format.js"},
    "lab": {"wire", "transports", "connection", "market", "lab/measure"},
    "screen/page": FREE,
    "screen/status": FREE | {"wire"},
    "screen/notifications": FREE | {"wire"},
    "screen/heatmap": FREE | {"wire"},
    "screen/alerts": FREE | {"wire"},
    "screen/watchlist": FREE | {"wire", "screen/status"},
    "screen/trades": FREE | {"wire", "market", "screen/watchlist"},
    "screen/chart": FREE | {"wire", "market", "screen/status"},
    "screen/lab": FREE | {"wire", "lab/measure", "screen/page"},
    "screen/deck": FREE | {"wire"},
    "screen/commands": FREE | {"screen/page"},
    "screen/developers": FREE,
    "pages": FREE | NETWORK_ROOMS | SCREEN_ROOMS | {"market", "lab", "lab/measure"},
}
"""Each room, and which others it may import; only the pages see both the network and the screen."""
MARK = "// @ts-check\n"
MOST_SCRIPTS = 20
"""In a room; more than that is several subjects."""

# --- reading JavaScript ---

HOLE = r"\$\{(?:[^{}`]|\{[^{}]*\}|`[^`]*`)*\}"
"""What a template puts in; it may hold an object and a template."""
PIECES = re.compile(
    r"""
    (?P<comment> //[^\n]* | /\*.*?\*/ )
  | (?P<text> "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' )
  | (?P<template> `(?:\\.|HOLE|[^`\\])*` )
  | (?P<regex> (?<=[(,=:\[!&|?{};\n\ ]) /(?![/*\s]) (?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n])+ / )
    """.replace("HOLE", HOLE),
    re.VERBOSE | re.DOTALL,
)


def without_comments(source: str) -> str:
    """Return a script with blanks for its comments, every other character where it was."""
    return PIECES.sub(lambda piece: blank(piece[0]) if piece["comment"] else piece[0], source)


def code_of(source: str) -> str:
    """Return a script with blanks for comments, texts and patterns; what `${…}` holds stays."""
    return PIECES.sub(
        lambda piece: kept(piece[0]) if piece["template"] else blank(piece[0]), source
    )


def blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def kept(template: str) -> str:
    """Return a template with blanks for all but the code inside it."""
    parts = re.split(f"({HOLE})", template)
    return "".join(
        f"  {code_of(part[2:-1])} " if part.startswith("${") else blank(part) for part in parts
    )


def line_of(source: str, at: int) -> int:
    return source.count("\n", 0, at) + 1


def broken(rule: Callable[[str, str], list[Found]]) -> str:
    """Return what a rule of (name, source) finds in all scripts, one line each."""
    return "\n".join(
        line
        for name, path in SCRIPTS.items()
        for line in lines_of(path, rule(name, path.read_text()))
    )


# --- imports ---

IMPORT = re.compile(
    r'^import \{(?P<names>\s*\w+(?:,\s*\w+)*,?\s*)\} from "(?P<file>\.{1,2}/[\w./-]+\.js)";$',
    re.MULTILINE,
)
EXPORT = re.compile(r"^export (?:async )?(?:function\*?|class|const|let) (\w+)", re.MULTILINE)
LATER_IMPORT = re.compile(r'(?<=await )import\("(\.{1,2}/[\w./-]+\.js)"\)')
TYPE_IMPORT = re.compile(r'import\("(\.{1,2}/[\w./-]+\.js)"\)')


def room_of(name: str) -> str:
    """Return the folder of a script, or its own name at the top."""
    return name.rpartition("/")[0] or name


def target_of(name: str, file: str) -> str:
    """Return the script that `file` means when `name` says it; empty outside static/js."""
    path = (SCRIPT_ROOT / name).parent.joinpath(file).resolve()
    return path.relative_to(SCRIPT_ROOT).as_posix() if path.is_relative_to(SCRIPT_ROOT) else ""


def import_forms(source: str) -> list[Found]:
    """Return imports and exports that are written in another way than the one we use."""
    code, text = code_of(source), without_comments(source)
    found = [
        Found(line_of(code, word.start()), 'say: import {a} from "./b.js";')
        for word in re.finditer(r"(?<![\w.#$])import\b", code)
        if not (IMPORT.match(text, word.start()) or LATER_IMPORT.match(text, word.start()))
    ]
    return found + [
        Found(line_of(code, word.start()), "export a declaration by name, nothing else")
        for word in re.finditer(r"(?<![\w.#$])export\b", code)
        if not EXPORT.match(text, word.start())
    ]


def room_breaches(name: str, source: str) -> list[Found]:
    """Return the imports of rooms that this room must not know; types count too."""
    room = room_of(name)
    if room not in ROOMS:
        return [Found(1, f"{room} is a room without a place in ROOMS")]
    imports = [(m.start(), m["file"]) for m in IMPORT.finditer(without_comments(source))]
    imports += [(m.start(), m[1]) for m in TYPE_IMPORT.finditer(source)]
    return [
        Found(line_of(source, at), f"{room} imports {file}")
        for at, file in imports
        if room_of(target_of(name, file)) not in ROOMS[room] | {room}
    ]


def test_imports_and_exports_have_one_form() -> None:
    """Preloads, this law and the map of rooms read imports with a pattern, so all look the same."""
    found = broken(lambda _, source: import_forms(source))
    assert not found, found


@pytest.mark.parametrize(
    "planted",
    [
        "import {a} from './b.js';",
        'import {a} from "./b.js"',
        'import {a} from "b.js";',
        'import {a} from "/static/js/b.js";',
        'import {a as c} from "./b.js";',
        'import a from "./b.js";',
        'import * as b from "./b.js";',
        'import "./b.js";',
        '  import {a} from "./b.js";',
        'const b = import("./b.js");',
        "const b = await import('./b.js');",
        'const b = await import("b.js");',
        "const b = await import(name);",
        "const here = import.meta.url;",
        'export {a} from "./b.js";',
        'export * from "./b.js";',
        "export default class A {}",
        "export {a};",
    ],
)
def test_another_form_of_import_or_export_is_found(planted: str) -> None:
    """The rule sees quotes, stars, side effects, dynamic imports and re-exports."""
    assert import_forms(planted)


def test_the_one_form_is_allowed_over_several_lines() -> None:
    """The rule lets the one form pass, and words in comments and texts."""
    assert not import_forms('import {\n  a,\n  b,\n} from "../c.js";\nexport const d = a;')
    assert not import_forms('const {a} = await import("../screen/b.js");')
    assert not import_forms('/** @type {import("./a.js").A} */\nconst b = "import"; // export')


def test_every_room_imports_only_what_it_may_know() -> None:
    """The network knows no screen, the screen no network, the market neither; pages join them."""
    found = broken(room_breaches)
    assert not found, found
    assert {room_of(name) for name in SCRIPTS} == ROOMS.keys(), "ROOMS has a stale entry"


def test_imports_between_rooms_run_one_way() -> None:
    """The table has no circle; the sorter raises CycleError with the rooms that form one."""
    TopologicalSorter(ROOMS).prepare()


def test_no_room_holds_too_many_scripts() -> None:
    """Every room fits on a screen, so a newcomer can read its list of files."""
    sizes = Counter(room_of(name) for name in SCRIPTS)
    assert max(sizes.values()) <= MOST_SCRIPTS, sizes.most_common(3)


@pytest.mark.parametrize("screen", sorted(SCREEN_ROOMS))
def test_the_table_lets_only_pages_see_both_the_network_and_the_screen(screen: str) -> None:
    """However far the imports go, a screen reaches no network and no network a screen."""
    assert not reachable(screen) & (NETWORK_ROOMS - {"wire"})
    assert not any(screen in reachable(room) for room in NETWORK_ROOMS)


def reachable(room: str) -> set[str]:
    """Return the rooms that a room may import, itself or through others."""
    return ROOMS[room].union(*(reachable(other) for other in ROOMS[room]))


@pytest.mark.parametrize(
    ("name", "planted"),
    [
        ("screen/page/theme.js", 'import {Connection} from "../../connection/connection.js";'),
        ("screen/page/theme.js", '/** @type {import("../../connection/state.js").State} */'),
        ("screen/status/meter.js", 'import {\n  RowView,\n} from "../watchlist/row.js";'),
        ("transports/poll.js", 'import {\n  RowView,\n} from "../screen/watchlist/row.js";'),
        ("transports/poll.js", 'import {Board} from "../market/board.js";'),
        ("transports/poll.js", 'import {Connection} from "../connection/connection.js";'),
        ("connection/race.js", 'import {Leader} from "../tabs/leader.js";'),
        ("market/board.js", 'import {make} from "../dom.js";'),
        ("market/board.js", 'import {RowView} from "../screen/watchlist/row.js";'),
        ("market/board.js", 'import {a} from "../../../elsewhere.js";'),
        ("wire/frames.js", 'import {price} from "../format.js";'),
        ("lab/measure/ages.js", 'import {Reader} from "../reader.js";'),
        ("screen/lab/plot.js", 'import {Reader} from "../../lab/reader.js";'),
        ("screen/page/theme.js", 'import {a} from "../../pages/shell.js";'),
        ("elsewhere/row.js", ""),
    ],
)
def test_an_import_of_a_room_one_must_not_know_is_found(name: str, planted: str) -> None:
    """The rule sees imports of code and of types, and rooms that nobody placed."""
    assert room_breaches(name, planted)


def test_an_import_of_a_lower_room_is_allowed() -> None:
    """The rule lets the screen see the market and a page see everything."""
    assert not room_breaches("screen/trades/panel.js", 'import {A} from "../../market/tape.js";')
    assert not room_breaches("pages/lab.js", 'import {Poster} from "../requests/post.js";')


def test_every_script_is_read_to_its_end() -> None:
    """A quote or a slash taken wrongly would hide code from the laws and leave a brace alone."""
    for name, path in SCRIPTS.items():
        code = code_of(path.read_text())
        assert not re.search(r"[\"'`]", code), f"{name}: a text was not taken for a text"
        for opened, closed in ("{}", "()", "[]"):
            pairs = code.count(opened) == code.count(closed)
            assert pairs, f"{name}: {opened} {closed} do not pair"


WALL_CLOCKS = {
    "steady_clock.js": "it compares the two clocks",
    "pages/lab.js": "a file of figures says when it was made",
    "screen/developers/console.js": "a line of the console says when it came",
}
"""Scripts that may ask the clock that people set, and why."""
WALL_CLOCK = re.compile(r"\bDate\.now\b|\bnew Date\(\s*\)|\bDate\(\)")


def wall_clocks(name: str, source: str) -> list[Found]:
    """Return where a script asks a clock that may be set while the page is open."""
    code = code_of(source)
    return [
        Found(line_of(code, at.start()), "ask steadyNow(): a clock that is set breaks every wait")
        for at in WALL_CLOCK.finditer(code)
        if name not in WALL_CLOCKS
    ]


def test_how_long_ago_is_asked_of_a_clock_that_nobody_sets() -> None:
    """An hour back, and nothing would be late, due or old for an hour."""
    found = broken(wall_clocks)
    assert not found, found
    assert {name for name in WALL_CLOCKS if WALL_CLOCK.search(SCRIPTS[name].read_text())} == set(
        WALL_CLOCKS
    )


@pytest.mark.parametrize("planted", ["const a = Date.now();", "b({now: Date.now})", "new Date()"])
def test_a_clock_that_can_be_set_is_found(planted: str) -> None:
    """The rule sees calls, defaults and dates of now, not dates of a known time."""
    assert wall_clocks("market/clock.js", planted)
    assert not wall_clocks("market/clock.js", "new Date(at_ms) // Date.now()")


def test_every_script_is_marked_for_editors() -> None:
    """An editor does not look for a configuration in .ci; the mark makes it check the types."""
    unmarked = [n for n, path in SCRIPTS.items() if not path.read_text().startswith(MARK)]
    assert not unmarked, unmarked


# --- templates ---

TEMPLATE_TAG = r"\{%.*?%\}|\{\{.*?\}\}"
TAG = re.compile(
    rf"<(?P<name>[a-zA-Z][\w-]*)(?P<attributes>(?:\"[^\"]*\"|'[^']*'|{TEMPLATE_TAG}|[^>\"'])*)>",
    re.DOTALL,
)
ATTRIBUTE = re.compile(
    r"(?<![\w:@-])([a-zA-Z][\w:.-]*)(?:\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s>\"']+))?", re.DOTALL
)
REMARK = re.compile(r"\{#.*?#\}|\{%\s*comment.*?endcomment\s*%\}|<!--.*?-->", re.DOTALL)
STATIC = re.compile(r"\{%\s*(?:static|modules)\s+(.*?)\s*%\}")
"""The tags that name files; one may name several."""
ADDRESSES = {"src", "href", "srcset", "action", "formaction", "data", "poster"}
LOADED = {"script", "link", "img", "source", "iframe", "object", "embed", "video", "audio", "use"}


def page_breaches(source: str) -> list[Found]:
    """Return what the content security policy would refuse, and what loads from elsewhere."""
    text = REMARK.sub(lambda remark: blank(remark[0]), source)
    found = []
    for tag in TAG.finditer(text):
        line, name = line_of(text, tag.start()), tag["name"].lower()
        found += [Found(line, wrong) for wrong in tag_breaches(name, attributes_of(tag))]
    return found


def attributes_of(tag: re.Match[str]) -> dict[str, str]:
    """Return the attributes of a tag; a value keeps what the template puts into it."""
    quoted = re.compile(rf"(\"[^\"]*\"|'[^']*')|{TEMPLATE_TAG}", re.DOTALL)
    plain = quoted.sub(lambda part: part[1] or " ", tag["attributes"])
    return {name.lower(): value.strip("\"'") for name, value in ATTRIBUTE.findall(plain)}


def tag_breaches(name: str, attributes: dict[str, str]) -> list[str]:
    """Return what is wrong with one tag."""
    wrong = []
    is_data = attributes.get("type") == "application/json"
    if name == "script" and "src" not in attributes and not is_data:
        wrong.append("an inline script")
    if name == "style":
        wrong.append("an inline style sheet")
    for key, value in attributes.items():
        if key == "style" or key.startswith("on"):
            wrong.append(f"{key}= on <{name}>")
        if key in ADDRESSES and value.strip().lower().startswith(("javascript:", "data:text")):
            wrong.append(f"{key}={value} runs code")
        if key in ADDRESSES and name in LOADED and re.search(r"(?:^|[\s,])(?:\w+:)?//", value):
            wrong.append(f"<{name}> loads {value} from elsewhere")
    return wrong


def missing_statics(source: str) -> list[Found]:
    """Return the static files that a template names and nobody has."""
    return [
        Found(line_of(source, match.start()), f"static {named} does not exist")
        for match in STATIC.finditer(source)
        for named in match[1].split()
        if not (name := re.fullmatch(r"(?:\w+=)?(['\"])(.+)\1", named)) or not finders.find(name[2])
    ]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_holds_no_code_and_loads_nothing_from_elsewhere(path: Path) -> None:
    """The content security policy stays strict and the page works without the internet."""
    found = lines_of(path, page_breaches(path.read_text()))
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "planted",
    [
        "<script>run();</script>",
        '<script type="module">run();</script>',
        '<SCRIPT nonce="{{ nonce }}">run();</SCRIPT>',
        "<style>p {color: red}</style>",
        '<p style="color: red">',
        '<p class="a"style="color: red">',
        '<p class="{% if a > b %}c{% endif %}" style="color: red">',
        "<p {% if a > b %}hidden{% endif %} style=color:red>",
        '<button\n  onclick="run()">',
        "<body {% block a %}{% endblock %} onload='run()'>",
        '<script src="https://cdn.example/a.js"></script>',
        '<link rel="stylesheet" href="//cdn.example/a.css">',
        "<img src='http://example.com/a.png'>",
        '<img srcset="/a.png 1x, https://example.com/a.png 2x">',
        '<a href="javascript:run()">',
    ],
)
def test_code_in_a_template_is_found(planted: str) -> None:
    """The rule sees inline code, inline style and foreign files, also among template tags."""
    assert page_breaches(f"<p>\n{planted}\n</p>")


@pytest.mark.parametrize(
    "harmless",
    [
        "<script src=\"{% static 'js/pages/dashboard.js' %}\"></script>",
        '<script type="application/json" id="a">{}</script>',
        '<a href="https://example.com/">elsewhere</a>',
        '<p title="style=1 onclick=2" data-once="1">style= onclick=</p>',
        "{# <style> #}{% comment %}<script>{% endcomment %}<!-- <style> -->",
        '<svg xmlns="http://www.w3.org/2000/svg"><use href="#icon-bell"/></svg>',
        "{% if a < b %}<p>{% endif %}",
    ],
)
def test_a_page_without_code_is_allowed(harmless: str) -> None:
    """The rule leaves files of our own, data, links that people follow and remarks alone."""
    assert not page_breaches(harmless)


def other_times(source: str) -> list[str]:
    """Return the formats of times that are not an ISO date, with or without the time of day."""
    formats = re.findall(r'\|date:"([^"]*)"', source)
    return [each for each in formats if each not in ("c", "Y-m-d", "Y-m-d H:i", "Y-m-d H:i:s")]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_time_of_a_template_has_its_date(path: Path) -> None:
    """What happened yesterday must not look like today, so all pages have one format."""
    assert other_times(path.read_text()) == []


def test_a_time_without_its_date_is_found() -> None:
    source = '{{ at|date:"H:i" }} {{ at|date:"Y-m-d H:i" }} {{ at|date:"j M" }}'
    assert other_times(source) == ["H:i", "j M"]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_static_file_of_a_template_exists(path: Path) -> None:
    """A page that names a missing file would fail under the manifest, so it fails here."""
    found = lines_of(path, missing_statics(path.read_text()))
    assert not found, "\n".join(found)


def test_a_missing_static_file_is_found() -> None:
    """The rule sees files nobody has and names that only the request would know."""
    assert missing_statics("{% static 'js/nowhere.js' %}")
    assert missing_statics("{% static name %}")
    assert missing_statics("{% modules 'js/pages/dashboard.js' 'js/nowhere.js' %}")
    assert missing_statics("{% modules 'js/pages/dashboard.js' soon='js/nowhere.js' %}")
    assert not missing_statics('{% static "js/pages/dashboard.js" %}{% load static %}')


def test_the_laws_read_the_front_end() -> None:
    """The laws look at real scripts and templates, not at an empty folder."""
    assert {"pages/dashboard.js", "wire/frames.js", "market/board.js"} <= SCRIPTS.keys()
    assert any(path.name == "base.html" for path in TEMPLATES)
    page = SCRIPTS["pages/dashboard.js"].read_text()
    assert len(IMPORT.findall(page)) == page.count("\nimport {")
