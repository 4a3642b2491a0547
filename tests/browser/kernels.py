"""The kernels that the browser tests run: this environment's ipykernel, and older ones.

Each older ipykernel lies in a folder of its own, put in front of the environment by the
kernelspec's PYTHONPATH; everything else it shares with the environment.

Run `python -m tests.browser.kernels` to prepare the folders ahead of the tests, and
`python -m tests.browser.kernels DATA_DIR` to write the kernelspecs below DATA_DIR as well.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]

OVERLAYS = Path(sys.prefix) / "kernels"
"""Where the older versions lie, each in a folder named `ipykernel-VERSION`."""

_NEST_ASYNCIO = "nest-asyncio==1.6.0"  # what each of them was published with, save the newest

OLDER = {
    "6.29.5": ("ipykernel==6.29.5", _NEST_ASYNCIO),
    "6.31.0": ("ipykernel==6.31.0", _NEST_ASYNCIO),
    "7.1.0": ("ipykernel==7.1.0", _NEST_ASYNCIO),
    "7.3.0": ("ipykernel==7.3.0",),
}
"""What to install for each older version, beyond what this environment has."""

CURRENT = version("ipykernel")
"""The version in this environment."""

VERSIONS = (CURRENT, "6.31.0")
"""The two versions between which everything is tested: the newest, and one without subshells."""

ALL_VERSIONS = (*(older for older in OLDER if older != CURRENT), CURRENT)
"""All versions, the oldest first: for what depends on how a kernel gets its messages."""


def kernel_name(ipykernel_version: str) -> str:
    """The kernelspec's name for a version of ipykernel."""
    return f"ipykernel-{ipykernel_version}"


def prepare_overlays() -> None:
    """Install the older versions, each into its folder, where that is not there yet."""
    for older, requirements in OLDER.items():
        folder = OVERLAYS / kernel_name(older)
        if older == CURRENT or folder.is_dir():
            continue
        OVERLAYS.mkdir(parents=True, exist_ok=True)
        # Installed aside and renamed: a folder with the final name is always complete.
        with tempfile.TemporaryDirectory(dir=OVERLAYS) as aside:
            target = Path(aside) / "packages"
            subprocess.run(
                [
                    *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"),
                    *("--disable-pip-version-check", "--target", str(target), *requirements),
                ],
                check=True,
            )
            shutil.rmtree(target / "share", ignore_errors=True)
            try:
                target.rename(folder)
            except OSError:
                if not folder.is_dir():  # else another test run was faster
                    raise


def write_kernelspecs(data_dir: Path) -> None:
    """Write a kernelspec for each version below `data_dir`, a folder of `$JUPYTER_PATH`."""
    prepare_overlays()
    for ipykernel_version in ALL_VERSIONS:
        name = kernel_name(ipykernel_version)
        path = [str(REPOSITORY)]  # the cells of the tests use tests.browser.runs
        if ipykernel_version != CURRENT:
            path.insert(0, str(OVERLAYS / name))
        spec: dict[str, object] = {
            "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            "display_name": f"Python (ipykernel {ipykernel_version})",
            "language": "python",
            "env": {"PYTHONPATH": os.pathsep.join(path)},
        }
        folder = data_dir / "kernels" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "kernel.json").write_text(json.dumps(spec, indent=1))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        write_kernelspecs(Path(sys.argv[1]))
    else:
        prepare_overlays()
