"""The harness itself: both front ends, both kernels."""

import pytest

from tests.browser.conftest import OpenNotebook
from tests.browser.kernels import VERSIONS
from tests.browser.servers import FrontEnd

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("front_end", ["lab", "notebook"])
@pytest.mark.parametrize("version", VERSIONS)
async def test_runs_a_cell_in_the_kernel_that_was_asked_for(
    open_notebook: OpenNotebook, front_end: FrontEnd, version: str
) -> None:
    page = await open_notebook(front_end, ipykernel_version=version)
    assert (await page.execute("import ipykernel; ipykernel.__version__")) == f"'{version}'"
    assert page.received > 0
