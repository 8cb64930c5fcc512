"""People recognise their browsers; a text that no browser sends stays what it is."""

import pytest

from dashboard.people.browser_names import UNNAMED, browser_name

KIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (f"Mozilla/5.0 (X11; Linux x86_64) {KIT} Chrome/156.0 Safari/537.36", "Chrome on Linux"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {KIT} Chrome/140.0 Safari/537.36 Edg/140.0",
         "Edge on Windows"),
        (f"Mozilla/5.0 (Windows NT 10.0) {KIT} Chrome/140.0 Safari/537.36 OPR/120.0",
         "Opera on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 15.1; rv:141.0) Gecko/20100101 Firefox/141.0",
         "Firefox on macOS"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 "
         "Safari/605.1.15", "Safari on macOS"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
         "Version/18.0 Mobile/15E148 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) AppleWebKit/605.1.15 CriOS/140.0 "
         "Mobile/15E148 Safari/604.1", "Chrome on iPad"),
        (f"Mozilla/5.0 (Linux; Android 15; Pixel 9) {KIT} Chrome/140.0 Mobile Safari/537.36",
         "Chrome on Android"),
        (f"Mozilla/5.0 (X11; CrOS x86_64 15000) {KIT} Chrome/140.0 Safari/537.36",
         "Chrome on ChromeOS"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("Firefox/1.0", "Firefox"),
        ("", UNNAMED),
    ],
)  # fmt: skip
def test_a_browser_has_the_name_that_people_know(agent: str, name: str) -> None:
    assert browser_name(agent) == name
