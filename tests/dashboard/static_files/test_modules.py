"""A page names all its scripts at once, so that the browser asks for none of them late."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.template import Context, Template

from dashboard.static_files.modules import imported_by
from dashboard.static_files.publishing import publish
from dashboard.static_files.sources import SCRIPTS, current_build, source_files

FIRST_PAGE_BYTES = 70_000
"""The scripts of our own that the first page may load before it shows a price, compressed."""
CHART = "js/screen/chart/panel.js"
PAGES = sorted(path.name for path in (SCRIPTS / "js" / "pages").glob("*.js"))


def rendered(tag: str, **context: object) -> str:
    return Template("{% load modules %}" + tag).render(Context(context))


@pytest.mark.parametrize("page", PAGES)
def test_every_script_that_is_imported_is_named_once(page: str) -> None:
    name = f"js/pages/{page}"
    named = [name, *imported_by((name,))]
    assert len(set(named)) == len(named)
    for script in named:
        for file in re.findall(r'^(?:import|export)\b[^;]*?from "([^"]+)";', source(script), re.M):
            target = (SCRIPTS / script).parent / file
            assert target.resolve().relative_to(SCRIPTS).as_posix() in named


def source(script: str) -> str:
    path = finders.find(script)
    assert path is not None, script
    return Path(path).read_text()


def test_a_tag_preloads_what_its_scripts_import_and_loads_the_scripts() -> None:
    html = rendered('{% modules "js/pages/shell.js" "js/pages/developers.js" %}')
    preloads = re.findall(r'<link rel="modulepreload" href="([^"]+)">', html)
    scripts = re.findall(r'<script type="module" src="([^"]+)"></script>', html)
    start = f"/static/{current_build()}/js/"
    assert scripts == [f"{start}pages/shell.js", f"{start}pages/developers.js"]
    assert f"{start}screen/page/menus.js" in preloads
    assert not set(preloads) & set(scripts)
    assert html.index("<script") > html.rindex("<link")


def test_a_page_preloads_a_script_that_it_wants_soon_but_does_not_start_it() -> None:
    html = rendered(f'{{% modules "js/pages/instrument.js" soon="{CHART}" %}}')
    preloads = re.findall(r'<link rel="modulepreload" href="([^"]+)">', html)
    wanted = {CHART, *imported_by((CHART,))}
    assert {f"/static/{current_build()}/{name}" for name in wanted} <= set(preloads)
    assert len(set(preloads)) == len(preloads)
    assert html.count("<script") == 1


def test_a_browser_that_has_the_scripts_gets_no_names_of_what_they_import() -> None:
    tag = f'{{% modules "js/pages/shell.js" "js/pages/instrument.js" soon="{CHART}" %}}'
    html = rendered(tag, has_scripts=True)
    assert html == rendered(tag)[rendered(tag).index("<script") :]
    assert "<link" in rendered(tag, has_scripts=False)


def test_the_first_page_is_light_and_loads_the_chart_later(tmp_path: Path) -> None:
    names = ["js/pages/shell.js", "js/pages/dashboard.js", "js/theme-boot.js"]
    named = {*names, *imported_by(tuple(names))}
    assert not [name for name in named if name.startswith("js/screen/chart/")]
    assert f'await import("../{CHART.removeprefix("js/")}")' in source("js/pages/market_page.js")
    sources = [each for each in source_files() if each.name in named]
    folder = publish("0" * 12, sources, tmp_path)
    files = [folder / f"{name}.gz" for name in named]
    assert sum(file.stat().st_size for file in files if file.exists()) < FIRST_PAGE_BYTES


def test_an_address_is_escaped() -> None:
    assert '"><' not in rendered("{% modules 'js/\"><b>.js' %}").removeprefix("<script")[:40]
