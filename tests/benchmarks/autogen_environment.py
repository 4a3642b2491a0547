"""An environment of its own with AutoGen in it, made once and kept in `.bench`."""

import subprocess
import sys
import venv
from pathlib import Path

VERSION = "0.7.5"
PACKAGES = (f"autogen-agentchat=={VERSION}", f"autogen-ext[openai]=={VERSION}")
FOLDER = Path(__file__).parents[2] / ".bench" / f"autogen-{VERSION}"
_SECONDS = 600


class NotInstalledError(Exception):
    """AutoGen could not be installed; the message says why."""


def autogen_python() -> Path:
    """The Python that can import AutoGen, installed first where it is not there yet.

    Raises:
        NotInstalledError: There is no network, or the index has no such package.
    """
    python = FOLDER / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    stamp = FOLDER / "installed"
    if stamp.exists():
        return python
    print(f"  installing {' and '.join(PACKAGES)} into {FOLDER} (once)", flush=True)
    try:
        venv.create(FOLDER, clear=True, with_pip=True)
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES],
            check=True,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
        )
    except subprocess.CalledProcessError as error:
        raise NotInstalledError(str(error.stderr or error.output or error).strip()) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotInstalledError(str(error)) from error
    stamp.touch()
    return python


if __name__ == "__main__":
    print(autogen_python())
