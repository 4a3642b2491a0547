"""Which front end shows the notebook, from the traces that each leaves in the kernel's process."""

import os
import sys
from enum import Enum

from nbagent.notebook.kernel import has_reader, running_kernel


class FrontEnd(str, Enum):
    """A front end; the value is its name for people."""

    COLAB = "Colab"
    JUPYTER = "a Jupyter server (JupyterLab or Notebook)"
    JUPYTERLITE = "JupyterLite"
    MARIMO = "marimo"
    NOBODY = "none: the notebook runs without a page (nbclient, nbconvert, papermill)"
    NONE = "none: this is no notebook"
    UNKNOWN = "unknown"
    VOILA = "Voila"
    VS_CODE = "VS Code"


def front_end() -> FrontEnd:
    """The front end of the cell that runs, as far as it can be known."""
    marimo = sys.modules.get("marimo")
    if marimo is not None and marimo.running_in_notebook():
        return FrontEnd.MARIMO
    kernel = running_kernel()
    if kernel is None:
        return FrontEnd.NONE
    if sys.platform == "emscripten":
        return FrontEnd.JUPYTERLITE
    if "google.colab" in sys.modules:
        return FrontEnd.COLAB
    if "VOILA_BASE_URL" in os.environ:  # the one that preheated kernels have too
        return FrontEnd.VOILA
    if not has_reader(kernel):
        return FrontEnd.NOBODY
    if "JPY_SESSION_NAME" in os.environ:
        return FrontEnd.JUPYTER
    if "VSCODE_PID" in os.environ or "VSCODE_CWD" in os.environ:
        return FrontEnd.VS_CODE
    return FrontEnd.UNKNOWN
