"""Where the tests find a Chromium, and how they start it."""

import os
import shutil
import sys
from pathlib import Path

LAUNCH_ARGUMENTS = (
    "--no-sandbox",  # containers give Chromium no user namespaces
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""Arguments for `playwright.chromium.launch(args=...)`: no sandbox, no traffic of its own."""

_NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium_executable() -> str:
    """Find a Chromium to test with.

    Asked in this order: `$NBAGENT_CHROMIUM`, the names `chromium`, `chromium-browser` and
    `google-chrome` on the PATH, and the newest browser that Playwright has downloaded.

    Returns:
        The path of the executable.

    Raises:
        FileNotFoundError: If there is none, or `$NBAGENT_CHROMIUM` names no file.
    """
    chosen = os.environ.get("NBAGENT_CHROMIUM")
    if chosen:
        if not Path(chosen).is_file():
            raise FileNotFoundError(f"NBAGENT_CHROMIUM is {chosen!r}, which is no file.")
        return chosen
    for name in _NAMES:
        if found := shutil.which(name):
            return found
    downloads = _playwright_downloads()
    if downloads:
        return str(downloads[-1])
    raise FileNotFoundError(
        "No Chromium found for the browser tests. Install one with "
        f"`{Path(sys.executable).name} -m playwright install --with-deps chromium` or "
        "`apt-get install chromium`, or name one in NBAGENT_CHROMIUM."
    )


def _playwright_downloads() -> list[Path]:
    """The browsers that `playwright install` has put on this machine, oldest first."""
    if sys.platform == "darwin":
        standard = Path.home() / "Library" / "Caches" / "ms-playwright"
        program = "chromium-*/chrome-mac*/*.app/Contents/MacOS/*"
    else:
        standard = Path.home() / ".cache" / "ms-playwright"
        program = "chromium-*/chrome-linux*/chrome"
    folder = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or standard)
    return sorted(folder.glob(program), key=lambda path: path.stat().st_mtime)
