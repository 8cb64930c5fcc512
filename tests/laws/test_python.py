"""Which modules may write rows and read settings, and what no tool checks in a module."""

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.laws.sources import (
    ROOT,
    Found,
    broken,
    dotted,
    imports_of,
    lines_of,
    nodes_of,
    parsed,
    python_modules,
)

MODULES = python_modules()
SCRIPTS = sorted((ROOT / "static" / "js").rglob("*.js"))
WRITTEN = [
    *MODULES.values(),
    *(
        path
        for room in ("static", "templates")
        for path in (ROOT / room).rglob("*.*")
        if path.suffix in {".js", ".css", ".html", ".txt", ".svg"}
    ),
]

# --- rows ---

WRITERS = {
    *(name for name in MODULES if name.startswith("feeds.services.")),
    *("dashboard.personal.watchlists", "dashboard.personal.watchlist_lines"),
    *("dashboard.personal.notifications", "dashboard.personal.sections"),
    *("dashboard.reaching.queueing", "dashboard.reaching.destinations"),
    *("dashboard.reaching.claims", "dashboard.reaching.pruning"),
    *("dashboard.personal.columns", "dashboard.personal.preferences"),
    *("dashboard.reaching.devices", "dashboard.reaching.own_mail"),
    *("dashboard.people.token_service", "dashboard.people.session_service"),
    "dashboard.people.second_factor",
    *("dashboard.people.cache_service", "dashboard.alerts.services", "dashboard.alerts.pruning"),
    *("dashboard.people.account_deletion", "dashboard.people.forgotten_password"),
    "dashboard.management.commands.demo",
}
"""The services and their audit; and demo, which makes the demo accounts before anybody can act."""
SURE_WRITES = {
    *("get_or_create", "update_or_create", "bulk_create", "bulk_update"),
    *("create_user", "create_superuser", "save", "save_base"),
    *("save_model", "save_related", "save_formset", "save_m2m"),
    *("delete_model", "delete_queryset", "log_addition", "log_change", "log_deletions"),
}
"""Names that only Django's models, managers, forms and admin have."""
WRITES_ON_ROWS = {"create", "update", "delete", "add", "set", "remove", "clear"}
"""Names that write when a manager or a queryset has them; dicts and sets have some of them too."""
MANAGERS = {"objects", "_default_manager", "_base_manager", "groups", "user_permissions"}
QUERIES = {
    *("filter", "exclude", "select_for_update", "select_related", "prefetch_related"),
    *("annotate", "order_by", "distinct", "get_queryset", "using"),
}
SINGLES = {"get", "first", "last", "earliest", "latest", "count", "exists", "aggregate", "in_bulk"}
"""What ends a queryset: the answer is a row, a number or a dict."""


def related_names(source: str) -> set[str]:
    """Return the names under which the rows of a models module reach those that refer to them."""
    keywords = (node for node in nodes_of(source) if isinstance(node, ast.keyword))
    names = {k.value.value for k in keywords if k.arg == "related_name" and is_text(k.value)}
    return names - {"+"}


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


class Rows(NamedTuple):
    """What stands for rows where an expression is read: attributes of models, local names."""

    related: frozenset[str]
    names: frozenset[str] = frozenset()

    def are(self, node: ast.AST | None) -> bool:
        """Say whether an expression is a manager or a queryset."""
        match node:
            case ast.Name(id=name):
                return name in self.names
            case ast.Attribute(value=value, attr=attr):
                is_manager = attr in MANAGERS | self.related or attr.endswith("_set")
                return is_manager or self.are(value)
            case ast.Call(func=ast.Attribute(value=value, attr=attr)):
                return not spelled(attr) & SINGLES and (attr in QUERIES or self.are(value))
            case ast.Subscript(value=value, slice=ast.Slice()):
                return self.are(value)
            case ast.Await(value=value):
                return self.are(value)
        return False

    def with_names_of(self, body: ast.AST) -> "Rows":
        """Add the arguments and variables of a function that hold querysets."""
        rows = self
        for _ in range(2):  # a name may be used above the place where its value is found
            names = {name for node in ast.walk(body) for name in rows.named_by(node)}
            rows = rows._replace(names=rows.names | names)
        return rows

    def named_by(self, node: ast.AST) -> set[str]:
        """Return the names that one statement or argument gives to querysets."""
        match node:
            case ast.arg(arg=name, annotation=annotation):
                return {name} if name == "queryset" or says_rows(annotation) else set()
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value):
                return {name} if says_rows(annotation) or self.are(value) else set()
            case ast.NamedExpr(target=ast.Name(id=name), value=value):
                return {name} if self.are(value) else set()
            case ast.Assign(targets=targets, value=value) if self.are(value):
                return {target.id for target in targets if isinstance(target, ast.Name)}
        return set()


def says_rows(annotation: ast.expr | None) -> bool:
    if annotation is None:
        return False
    return bool(re.search(r"(QuerySet|Manager)\b", ast.unparse(annotation)))


def row_writes(source: str, related: set[str] = frozenset()) -> list[Found]:
    """Return the calls that write rows."""
    knows_rows = any(
        imported.reaches("django") or "models" in imported.full.split(".")
        for imported in imports_of(source)
    )
    tree = parsed(source)
    own = {node.name for node in ast.walk(tree) if isinstance(node, FUNCTIONS)}
    rows = Rows(frozenset(related if knows_rows else ()))
    statements = [node for node in tree.body if not isinstance(node, FUNCTIONS | ast.ClassDef)]
    top = rows.with_names_of(ast.Module(statements, []))
    return [
        Found(call.lineno, f"writes rows: {ast.unparse(call.func)}(…)")
        for call, known in calls_of(tree, top)
        if is_write(call, known) and not is_own(call, own)
    ]


def is_own(call: ast.Call, own: set[str]) -> bool:
    """Say whether `self` is asked for what this module defines, and the rule reads, itself."""
    match call.func:
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            return name in own
    return False


FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef


def calls_of(node: ast.AST, rows: Rows) -> Iterator[tuple[ast.Call, Rows]]:
    """Go through the calls, each with the names that hold querysets where it stands."""
    for child in ast.iter_child_nodes(node):
        inner = rows.with_names_of(child) if isinstance(child, FUNCTIONS) else rows
        if isinstance(child, ast.Call):
            yield child, inner
        yield from calls_of(child, inner)


def is_write(call: ast.Call, rows: Rows) -> bool:
    """Say whether a call writes: by a name only Django has, or on something that is rows."""
    if not isinstance(call.func, ast.Attribute):
        return False
    name = call.func.attr
    if spelled(name) & SURE_WRITES:
        return True
    if name in ("delete", "adelete") and not call.args:
        return True  # a row or a queryset; a cache and a folder are told what to delete
    return bool(spelled(name) & WRITES_ON_ROWS) and rows.are(call.func.value)


def spelled(name: str) -> set[str]:
    """Return a method's name as it is and without Django's `a` for asynchronous."""
    return {name, name.removeprefix("a")}


@cache
def all_related() -> set[str]:
    """Return the related names of all modules; only the process that runs the law reads them."""
    return {name for path in MODULES.values() for name in related_names(path.read_text())}


def test_only_services_write_rows() -> None:
    """Every change of a row goes through the service that audits it and pokes on commit."""
    paths = [path for name, path in MODULES.items() if name not in WRITERS]
    found = broken(lambda source: row_writes(source, all_related()), paths)
    assert not found, found


@pytest.mark.parametrize(
    "planted",
    [
        "Feed.objects.create(slug='x')",
        "Feed.objects.filter(pk=1).update(rate=1)",
        "await Feed.objects.filter(pk=1).aupdate(rate=1)",
        "Feed.objects.get_or_create(slug='x')",
        "users.objects.acreate()",
        "type(row)._default_manager.filter(pk=1).delete()",
        "feed.save()",
        "await feed.asave(update_fields=['rate'])",
        "feed.delete()",
        "form.save()",
        "self.save_model(request, obj, form, change)",
        "super().save_model(request, obj, form, change)",
        "rows = Feed.objects.all()\nrows.update(rate=1)",
        "def f(queryset):\n    queryset.update(rate=1)",
        "def f(rows: 'QuerySet[Feed]'):\n    rows.update(rate=1)",
        "def f(user):\n    unread = user.notifications.all()\n    return unread.update(read=1)",
        "from feeds.models import Feed\nfeed.instruments.create(symbol='X')",
        "from feeds.models import Feed\nfeed.halt_set.add(halt)",
        "user.groups.add(group)",
        "if (rows := Feed.objects.filter(pk=1)).exists():\n    rows.update(rate=1)",
        "User.objects.create_user('eve')",
    ],
)
def test_a_write_outside_the_services_is_found(planted: str) -> None:
    """The rule sees a write through managers, querysets, related managers, rows and forms."""
    source = f"from django.db.models import QuerySet\n{planted}"
    assert row_writes(source, {"instruments", "notifications"})


@pytest.mark.parametrize(
    "harmless",
    [
        "facts.update(a=1)",
        "self._people.update(user_ids)",
        "seen = set()\nseen.add(1)\nseen.clear()",
        "self._news.set()",
        "hashlib.sha256().update(b'x')",
        "cache.delete('key')",
        "feed = Feed.objects.get(pk=1)\nNAMES = {}\nNAMES.update(a=feed)",
        "counts = Feed.objects.aggregate(n=1)\ncounts.update(m=2)",
        "def f():\n    rows = Feed.objects.all()\ndef g():\n    rows = {}\n    rows.update(a=1)",
        "services.save_feed(feed, actor=None)",
        "class A:\n    def save_model(self, request, obj, form, change):\n        pass",
        "class A:\n    def save(self):\n        pass\n    def f(self):\n        self.save()",
    ],
)
def test_what_writes_no_row_is_left_alone(harmless: str) -> None:
    """The rule does not take dicts, sets, events and caches for rows."""
    assert not row_writes(f"import django\n{harmless}", {"instruments"})


def test_a_room_without_models_has_no_related_rows() -> None:
    """In a room that knows no model a name like `instruments` is a plain collection."""
    assert not row_writes("self.instruments.update(new)", {"instruments"})


def test_the_related_names_are_read_from_the_models() -> None:
    """The rule learns the related managers from the models themselves."""
    assert related_names("a = F(related_name='halts')\nb = F(related_name='+')") == {"halts"}
    assert {"entries", "instruments", "notifications"} <= all_related()


# --- history ---

DELETES_BARS = {
    "feeds.services.bars:_delete": "retention, by age",
    "feeds.services.bars:delete_bars": "whoever calls it told an admin how many",
    "feeds.services.bars:_forget_former": "what bars were before, which no delay reaches any more",
    "feeds.services.feeds:delete_feed": "the admin's page of deletion counts them",
    "feeds.services.instruments:delete_instruments": "the admin's page of deletion counts them",
    "feeds.services.instrument_imports:_write": "the dry run counts them",
    "feeds.services.realism:_forget_old": "days of the certificate, which are no bars",
}
WRITES_BARS = {"feeds.services.bars:_upsert": "only what is newer, or a day that became fuller"}
CALLS_DELETE_BARS = {
    "feeds.services.instruments:_delete_bars_of": "the form asks a second time",
    "feeds.services.instrument_imports:_write": "the dry run counts them",
}
OTHER_ROWS = re.compile(
    r"\b(Audit\w+|PendingImport|AuditSubject|pending|step|scenario|entitlement|recording)\b"
)


def functions_that(source: str, does: Callable[[ast.Call], bool]) -> set[str]:
    """Return the functions of a module in which a call does something."""
    functions = (node for node in ast.walk(parsed(source)) if isinstance(node, FUNCTIONS))
    return {
        function.name
        for function in functions
        if any(isinstance(node, ast.Call) and does(node) for node in ast.walk(function))
    }


def deletes_bars(call: ast.Call) -> bool:
    """Say whether a call deletes rows that may be bars, or that take their bars along."""
    text = ast.unparse(call.func)
    return text.endswith((".delete", "._raw_delete")) and not OTHER_ROWS.search(text)


def writes_bars(call: ast.Call) -> bool:
    """Say whether a call writes stored bars, or runs SQL, which may be about any row."""
    text, _, name = ast.unparse(call.func).rpartition(".")
    is_sql = name.startswith("execute") and "cursor" in text
    return is_sql or ("StoredBar" in text and name in SURE_WRITES | {"create", "update"})


def calls_delete_bars(call: ast.Call) -> bool:
    return ast.unparse(call.func).split(".")[-1] == "delete_bars"


@pytest.mark.parametrize(
    ("does", "allowed"),
    [
        (deletes_bars, DELETES_BARS),
        (writes_bars, WRITES_BARS),
        (calls_delete_bars, CALLS_DELETE_BARS),
    ],
)
def test_only_retention_and_an_admin_who_knows_the_number_delete_history(
    does: Callable[[ast.Call], bool], allowed: dict[str, str]
) -> None:
    """A new place in this list must say which admin learns how many bars go."""
    found = {
        f"{name}:{function}"
        for name, path in MODULES.items()
        if name.startswith("feeds.")
        for function in functions_that(path.read_text(), does)
    }
    assert found == allowed.keys()


@pytest.mark.parametrize(
    "planted",
    [
        "def f(rows):\n    rows.delete()",
        "def f():\n    StoredBar.objects.filter(instrument=1).delete()",
        "def f(feed):\n    feed.instruments.all().delete()",
        "def f(rows):\n    rows._raw_delete('default')",
    ],
)
def test_a_place_that_deletes_history_is_found(planted: str) -> None:
    assert functions_that(planted, deletes_bars) == {"f"}


# --- settings ---

DJANGO_SETTINGS = {
    "feeds.models.audit": {"AUTH_USER_MODEL"},
    "feeds.models.instruments": {"AUTH_USER_MODEL"},
    "feeds.models.interventions": {"AUTH_USER_MODEL"},
    "feeds.models.pending_imports": {"AUTH_USER_MODEL"},
    "feeds.services.recordings": {"MARKET_RECORDINGS_DIR"},
    "dashboard.models": {"AUTH_USER_MODEL"},
    "dashboard.people.admission": {
        *("ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "SESSION_COOKIE_NAME"),
    },
    "dashboard.people.accounts": {"MARKET_OPEN_SIGNUP"},
    "dashboard.people.forgotten_password": {
        *("MARKET_PUBLIC_ORIGINS", "MARKET_SENDS_MAIL", "PASSWORD_RESET_TIMEOUT"),
    },
    "dashboard.reaching.own_mail": {"MARKET_SENDS_MAIL"},
    "dashboard.people.second_factor": {"MARKET_STAFF_SECOND_FACTOR"},
    "dashboard.pages.staff_sessions": {"MARKET_STAFF_REST_S", "MARKET_STAFF_SESSION_S"},
    "dashboard.pages.refusals": {
        *("DATA_UPLOAD_MAX_NUMBER_FIELDS", "DATA_UPLOAD_MAX_NUMBER_FILES"),
        "DATA_UPLOAD_MAX_MEMORY_SIZE",
    },
    "dashboard.people.former_keys": {"SECRET_KEY_FALLBACKS"},
    "dashboard.checks": {"MARKET_REDIS_URL", "MARKET_WEB_PROCESSES", "CHANNEL_LAYERS"},
    "dashboard.management.commands.backup": {"MARKET_DATA_DIR", "MARKET_RECORDINGS_DIR"},
    "dashboard.management.commands.doctor": {
        *("MARKET_DATA_DIR", "MARKET_REDIS_URL"),
        *("SECRET_KEY_FALLBACKS", "SESSION_COOKIE_AGE"),
    },
    "dashboard.management.commands.restore": {"MARKET_DATA_DIR", "MARKET_RECORDINGS_DIR"},
    "dashboard.management.commands.demo": {"MARKET_DATA_DIR", "MARKET_RECORDINGS_DIR"},
}
"""Which settings a room may read; the composition may read all of them."""
COMPOSERS = {"dashboard.runtime", "dashboard.feed_tasks"}


def settings_read(source: str, allowed: set[str]) -> list[Found]:
    """Return the settings that a module reads and may not; importing them unused counts too."""
    imports = [imported for imported in imports_of(source) if imported.reaches("django.conf")]
    if not imports:
        return []
    if not allowed:
        return [
            Found(imported.line, "imports the settings: take a value instead")
            for imported in imports
        ]
    found = [
        Found(imported.line, f"imports {imported.full}: say `from django.conf import settings`")
        for imported in imports
        if imported.full != "django.conf.settings" or not imported.name
    ]
    attributes = 0
    for node in nodes_of(source):
        if isinstance(node, ast.Attribute) and is_settings(node.value):
            attributes += 1
            if node.attr not in allowed:
                found.append(Found(node.lineno, f"reads settings.{node.attr}"))
    uses = sum(is_settings(node) for node in nodes_of(source))
    if uses > attributes:
        found.append(Found(imports[0].line, "passes the settings on: say which one is read"))
    return found


def is_settings(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "settings"


def test_settings_are_read_in_the_runtime() -> None:
    """A room is given its values; only the composition knows where they come from."""
    found = [
        line
        for name, path in MODULES.items()
        if name not in COMPOSERS
        for line in lines_of(
            path, settings_read(path.read_text(), DJANGO_SETTINGS.get(name, set()))
        )
    ]
    assert not found, "\n".join(found)


def test_the_table_of_settings_names_present_readers() -> None:
    """A room that stopped reading a setting loses the permission."""
    stale = [
        f"{name} does not read {setting}"
        for name, settings in DJANGO_SETTINGS.items()
        for setting in settings
        if f"settings.{setting}" not in MODULES[name].read_text()
    ]
    assert not stale, "\n".join(stale)


@pytest.mark.parametrize(
    "planted",
    [
        "from django.conf import settings\nsettings.MARKET_PING_S",
        "from django.conf import settings\ngetattr(settings, 'MARKET_PING_S')",
        "import django.conf",
        "from django import conf",
        "def late():\n    from django.conf import settings\n    return settings.MARKET_PING_S",
    ],
)
@pytest.mark.parametrize("allowed", [set(), {"AUTH_USER_MODEL"}])
def test_a_setting_read_elsewhere_is_found(planted: str, allowed: set[str]) -> None:
    """The rule sees a setting that is not permitted, and an indirect reading."""
    assert settings_read(planted, allowed)


def aliases(source: str) -> list[Found]:
    """Return where the settings or a room get another name, which would hide them from a law."""
    hidden = ("django.conf", "feeds", "dashboard")
    return [
        Found(node.lineno, f"imports {alias.name} as {alias.asname}")
        for node in nodes_of(source)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
        if alias.asname and (getattr(node, "module", None) or alias.name).startswith(hidden)
    ]


def test_a_name_of_the_house_stays_the_same_everywhere() -> None:
    """One word has one meaning, so no room and no setting is imported under another name."""
    found = broken(aliases, MODULES.values())
    assert not found, found


def test_another_name_for_the_settings_or_a_room_is_found() -> None:
    """The rule sees an alias of the house, but lets the libraries have theirs."""
    assert aliases("from django.conf import settings as here")
    assert aliases("import feeds.engine.engine as machine")
    assert not aliases("import numpy as np")


# --- packages, names, marks, SQL ---

GATHERING = {"feeds.models", "feeds.admin"}
"""Django looks into these two packages by name, so they gather what their modules hold."""


def test_a_package_file_imports_nothing() -> None:
    """A package is a folder with a docstring, but for those that Django looks into."""
    packages = {name: path for name, path in MODULES.items() if path.name == "__init__.py"}
    loaded = {name for name, path in packages.items() if imports_of(path.read_text())}
    assert loaded == GATHERING


VAGUE = re.compile(r"(utils?|helpers?|common|base|misc|managers?)\b")


def vague_names(path: Path) -> list[str]:
    """Return the parts of a path that say nothing about what is inside."""
    return [part for part in path.with_suffix("").parts if VAGUE.fullmatch(part.strip("_"))]


def test_every_room_is_named_for_a_noun() -> None:
    """No module and no folder of code is called utils, helpers, common, base, misc or manager."""
    paths = [path.relative_to(ROOT) for path in [*MODULES.values(), *SCRIPTS]]
    assert not [str(path) for path in paths if vague_names(path)]


def test_a_vague_name_is_found() -> None:
    """The rule sees vague files and folders, but not words that contain them."""
    assert vague_names(Path("feeds/utils.py"))
    assert vague_names(Path("static/js/common/row.js"))
    assert not vague_names(Path("dashboard/management/commands/demo.py"))


MARKS = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")


def marks(source: str) -> list[Found]:
    """Return the lines that put work off."""
    lines = enumerate(source.splitlines(), start=1)
    return [Found(number, mark[0]) for number, line in lines if (mark := MARKS.search(line))]


def test_no_work_is_put_off_in_a_comment() -> None:
    """What remains to be done is done, or stands in the notes."""
    found = broken(marks, WRITTEN)
    assert not found, found


def test_a_mark_is_found() -> None:
    """The rule sees the marks of unfinished work as words only."""
    assert marks("x = 1  # FIXME later")
    assert not marks("XXXY = 'TODOS'")


SQL = re.compile(
    r"\s*(?:select\b.*\bfrom|insert\s+into|update\b.*\bset|delete\s+from|create\s+table"
    r"|drop\s+table|alter\s+table|pragma)\b",
    re.IGNORECASE | re.DOTALL,
)
RAW = {"execute", "executemany", "executescript", "raw", "extra", "RawSQL", "RunSQL"}


def built_sql(source: str) -> list[Found]:
    """Return the SQL that is put together from pieces instead of taking parameters."""
    return [
        Found(node.lineno, "SQL is built from pieces: pass parameters")
        for node in nodes_of(source)
        if is_built_query(node) or (is_built(node) and SQL.match(literal_of(node)))
    ]


def is_built_query(node: ast.AST) -> bool:
    """Say whether this runs SQL that is built on the spot."""
    if not isinstance(node, ast.Call):
        return False
    name = ast.unparse(node.func).rsplit(".", 1)[-1]
    return name in RAW and any(is_built(argument) for argument in node.args)


def is_built(node: ast.AST) -> bool:
    """Say whether a text is an f-string with values, a sum, a `%` or a `.format`."""
    match node:
        case ast.JoinedStr(values=values):
            return any(isinstance(value, ast.FormattedValue) for value in values)
        case ast.BinOp(op=ast.Add() | ast.Mod()):
            return True
        case ast.Call(func=ast.Attribute(attr="format")):
            return True
    return False


def literal_of(node: ast.AST) -> str:
    """Return the fixed text of a built one, with a blank for each value."""
    match node:
        case ast.JoinedStr(values=values):
            return " ".join(literal_of(value) for value in values)
        case ast.BinOp(left=left, right=right):
            return f"{literal_of(left)} {literal_of(right)}"
        case ast.Call(func=ast.Attribute(value=value, attr="format")):
            return literal_of(value)
        case ast.Constant(value=str(text)):
            return text
    return ""


def test_no_sql_is_built_from_pieces() -> None:
    """A value reaches the database as a parameter, never as text."""
    found = broken(built_sql, MODULES.values())
    assert not found, found


@pytest.mark.parametrize(
    "planted",
    [
        "cursor.execute(f'pragma {name}')",
        "query = f'SELECT * FROM {table}'",
        "query = 'delete from ' + table",
        "query = 'UPDATE feeds SET rate = %s' % rate",
        "query = 'insert into {} values (1)'.format(table)",
        "Feed.objects.raw(start + rest)",
    ],
)
def test_built_sql_is_found(planted: str) -> None:
    """The rule sees f-strings, sums, `%` and `.format`, run at once or later."""
    assert built_sql(planted)


def test_sql_with_parameters_is_allowed() -> None:
    """The rule leaves parameters and plain sentences alone."""
    assert not built_sql("cursor.execute('select * from feeds where slug = %s', [slug])")
    assert not built_sql("f'select {name}, then go'\nf'update {name}'")


def test_the_laws_read_the_house() -> None:
    """The laws look at real modules, not at an empty folder."""
    assert {"feeds.engine.engine", "dashboard.delivery.hub"} <= MODULES.keys()
    assert dotted(MODULES["feeds.engine.engine"]) == "feeds.engine.engine"
    assert SCRIPTS
