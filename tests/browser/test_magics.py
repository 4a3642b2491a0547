"""The magics in a real front end."""

import pytest

from tests.browser.conftest import OpenNotebook
from tests.browser.kernels import VERSIONS
from tests.browser.servers import FrontEnd

pytestmark = pytest.mark.asyncio(loop_scope="session")

SET_UP = """\
%load_ext nbagent
%nbagent model demo
import nbagent

@nbagent.tool
def multiply(a: int, b: int) -> int:
    "Multiply two numbers."
    return a * b
"""


@pytest.mark.parametrize(
    ("front_end", "version"), [("lab", VERSIONS[0]), ("notebook", VERSIONS[-1])]
)
async def test_two_cells_talk_to_the_same_agent(
    open_notebook: OpenNotebook, front_end: FrontEnd, version: str
) -> None:
    page = await open_notebook(front_end, ipykernel_version=version)
    await page.execute(SET_UP)
    first = await page.run("%%agent\nMy name is Ada. What is 3 times 4?")
    second = await page.run("%agent What is my name?")
    doctor = await page.run("%nbagent doctor")
    for cell in (first, second, doctor):
        await page.ended(cell)
    assert "12" in await page.output(first).inner_text()
    assert "Ada" in await page.output(second).inner_text()
    for cell in (first, second):  # the transcript, and no value below it
        kinds = [output["output_type"] for output in await page.outputs(cell)]
        assert kinds == ["display_data"]
    table = page.output(doctor).locator("table")
    assert "Input while a cell runs" in await table.inner_text()
    await page.screenshot(f"magics-{front_end}", page.output(first))
    await page.screenshot(f"doctor-{front_end}", page.output(doctor))
