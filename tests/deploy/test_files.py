"""The files of deploy/ are right: real tools check them, and they name what the project has."""

import ast
import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from django.core.management import get_commands
from ruamel.yaml import YAML

from dashboard.operations.alarm import TITLES
from dashboard.servers.limits import ConnectionLimits
from tests.support.documents import document, table
from tests.support.places import ROOT
from tests.support.tools import check, tool

DEPLOY = ROOT / "deploy"
COMPOSE_ONLY = {"MARKET_DOMAIN", "POSTGRES_PASSWORD"}
PATH = {"PATH": os.environ["PATH"]}


def variables_of_settings() -> set[str]:
    """Return the environment variables that the settings read."""
    source = (ROOT / "dashboard" / "settings.py").read_text()
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return {
        call.args[0].value
        for call in calls
        if ast.unparse(call.func) in ("_number", "os.environ.get")
        and isinstance(call.args[0], ast.Constant)
    }


def test_the_example_names_every_variable() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    named = [match[1] for line in lines if (match := re.match(r"#?([A-Z][A-Z0-9_]+)=", line))]
    assert len(named) == len(set(named))
    assert set(named) == variables_of_settings() | COMPOSE_ONLY


def test_the_example_has_the_defaults() -> None:
    """Those that operations.md lists, which a law compares with the settings."""
    rows = table(document("operations.md"), "setting")
    defaults = {f"{name}={default}" for name, default, *_ in rows}
    lines = (ROOT / ".env.example").read_text().splitlines()
    found = [re.fullmatch(r"#(MARKET_[A-Z0-9_]+=[\d.]+)", line) for line in lines]
    shown = {match[1] for match in found if match}
    assert len(shown) >= 20
    assert shown <= defaults


def test_the_example_holds_no_secret() -> None:
    text = (ROOT / ".env.example").read_text()
    assert re.search(r"^SECRET_KEY=$", text, re.MULTILINE)
    assert re.search(r"^POSTGRES_PASSWORD=$", text, re.MULTILINE)


def test_the_dashboard_asks_for_metrics_that_exist() -> None:
    board = json.loads((DEPLOY / "grafana" / "market.json").read_text())
    queries = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    asked = {name for query in queries for name in re.findall(r"\bmarket_\w+", query)}
    known = {row[0] for row in table(document("operations.md"), "metric")}
    assert {re.sub(r"_bucket$", "", name) for name in asked} == known
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    for query in queries:
        assert query.count("(") == query.count(")")
        assert query.count("{") == query.count("}")


@pytest.mark.slow
def test_compose_follows_its_schema() -> None:
    checker = tool("check-jsonschema", "uv sync")
    check(checker, "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yaml")


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    check(tool("hadolint", "uv sync"), DEPLOY / "Dockerfile")


def test_the_image_runs_as_nobody_special_and_has_what_it_copies() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    assert re.search(r"^USER 10001:10001$", text, re.MULTILINE)
    assert "HEALTHCHECK" in text
    for line in re.findall(r"^COPY (?!--)(.+)$", text, re.MULTILINE):
        *sources, _ = line.split()
        for source in sources:
            assert (ROOT / source).exists()
            assert f"!{source}" in (ROOT / ".dockerignore").read_text().splitlines()


def test_caddy_takes_its_file(tmp_path: Path) -> None:
    caddy = tool("caddy", "apt-get install caddy")
    file = DEPLOY / "Caddyfile"
    said = check(
        caddy, "validate", "--adapter", "caddyfile", "--config", file,
        HOME=str(tmp_path), MARKET_DOMAIN="market.example.com", **PATH,
    )  # fmt: skip
    assert "Valid configuration" in said
    formatted = check(caddy, "fmt", file)
    assert formatted.strip() == file.read_text().strip()


def test_nginx_takes_its_files(tmp_path: Path) -> None:
    nginx = tool("nginx", "apt-get install nginx-light")
    openssl = tool("openssl", "apt-get install openssl")
    key, certificate = tmp_path / "market.key", tmp_path / "market.pem"
    request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=x"]
    check(openssl, *request, "-keyout", key, "-out", certificate)
    site = (DEPLOY / "nginx.conf").read_text()
    for name, path in {
        "/etc/ssl/market.pem": certificate,
        "/etc/ssl/market.key": key,
        "/etc/nginx/market_proxy.conf": DEPLOY / "market_proxy.conf",
    }.items():
        assert name in site
        site = site.replace(name, str(path))
    (tmp_path / "site.conf").write_text(site)
    whole = tmp_path / "nginx.conf"
    log = tmp_path / "error.log"
    whole.write_text(
        f"pid {tmp_path}/pid;\nerror_log {log};\nevents {{}}\n"
        f"http {{\naccess_log off;\ninclude {tmp_path}/site.conf;\n}}\n"
    )
    said = check(nginx, "-t", "-p", tmp_path, "-c", whole, "-e", log)
    assert "warn" not in said


@pytest.mark.parametrize("unit", sorted(path.name for path in (DEPLOY / "systemd").iterdir()))
def test_systemd_takes_its_units(unit: str, tmp_path: Path) -> None:
    analyze = tool("systemd-analyze", "apt-get install systemd")
    (tmp_path / "bin").mkdir()
    for path in (DEPLOY / "systemd").iterdir():
        # The checker looks for every program: those of /opt/market are not on this machine.
        text = path.read_text().replace("/opt/market/.venv/bin/python", sys.executable)
        (tmp_path / path.name).write_text(text.replace("/opt/market", str(ROOT)))
    name = unit.replace("@.", "@8001.")
    shutil.copy(tmp_path / unit, tmp_path / name) if name != unit else None
    said = check(analyze, "verify", "--man=no", "--recursive-errors=no", tmp_path / name)
    assert not [line for line in said.splitlines() if "market-" in line]


def test_units_call_commands_that_exist() -> None:
    files = [*(DEPLOY / "systemd").iterdir(), DEPLOY / "compose.yaml", DEPLOY / "Dockerfile"]
    texts = [path.read_text() for path in files]
    called = {name for text in texts for name in re.findall(r'manage\.py"?,? "?(\w+)', text)}
    assert {"serve", "runfeed", "migrate", "backup"} <= called <= get_commands().keys()


def test_the_runbook_names_metrics_that_exist() -> None:
    rows = table(document("operations.md"), "symptom")
    named = {name for row in rows for name in re.findall(r"\bmarket_\w+", row[0] + row[1])}
    known = {row[0] for row in table(document("operations.md"), "metric")}
    assert named
    assert {name for name in named if f"{name}_total" not in known} <= known
    assert all(len(row) == 3 and all(row) for row in rows)


def test_every_trouble_has_its_row_in_the_runbook() -> None:
    symptoms = " ".join(row[0] for row in table(document("operations.md"), "symptom"))
    for title in TITLES.values():
        assert title.format(feed="…").partition(" and begins")[0] in symptoms


def test_prometheus_reads_the_ports_of_the_units_as_the_job_of_the_dashboard() -> None:
    [job] = YAML(typ="safe").load(DEPLOY / "prometheus.yml")["scrape_configs"]
    board = (DEPLOY / "grafana" / "market.json").read_text()
    assert f'job=\\"{job["job_name"]}\\"' in board
    [static] = job["static_configs"]
    ports = {int(target.rpartition(":")[2]) for target in static["targets"]}
    feed = (DEPLOY / "systemd" / "market-feed@.service").read_text()
    assert "--metrics-port 910%i" in feed
    assert ports == {8001, 8002, 9101, 9102}


def test_proxies_end_resting_connections_before_the_site_does() -> None:
    """Otherwise a request could meet a connection that is just being closed."""
    nginx = re.search(r"keepalive_timeout (\d+)s", (DEPLOY / "nginx.conf").read_text())
    caddy = re.search(r"keepalive (\d+)s", (DEPLOY / "Caddyfile").read_text())
    assert nginx is not None
    assert caddy is not None
    assert max(int(nginx[1]), int(caddy[1])) < ConnectionLimits().idle_s
