"""How `asyncio.run(main())` in a cell is rewritten, and what is said where it cannot be."""

import ast
import asyncio
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from nbagent.notebook.asyncio_run import AwaitAsyncioRun
from tests.browser.kernels import VERSIONS
from tests.browser.live_kernel import LiveKernel, live_kernel
from tests.notebook.test_magics_rewriting import plain_shell


@pytest.fixture
def shell() -> Any:
    """A shell as a kernel has one, with asyncio imported by an earlier cell."""
    shell = plain_shell()
    shell.kernel = "a kernel"
    shell.user_ns["asyncio"] = asyncio
    AwaitAsyncioRun(shell).install()
    return shell


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("asyncio.run(main())\n", "await (main())\n"),
        ("result = asyncio.run(main())\n", "result = await (main())\n"),
        ("a = b = asyncio.run(main(1, x=(2, 3)))\n", "a = b = await (main(1, x=(2, 3)))\n"),
        ("asyncio.run(main());\n", "await (main());\n"),
        (
            'if __name__ == "__main__":\n    asyncio.run(main())\n',
            'if __name__ == "__main__":\n    await (main())\n',
        ),
        (
            "try:\n    asyncio.run(a())\nexcept E:\n    asyncio.run(b())\nfinally:\n"
            "    asyncio.run(c())\n",
            "try:\n    await (a())\nexcept E:\n    await (b())\nfinally:\n    await (c())\n",
        ),
        (
            "with x:\n    for y in asyncio.run(z()):\n        asyncio.run(y)\n",
            "with x:\n    for y in await (z()):\n        await (y)\n",
        ),
        ("match x:\n    case 1:\n        asyncio.run(y)\n", None),
        ("print(asyncio.run(main()).messages)\n", "print((await (main())).messages)\n"),
        ("-asyncio.run(a())[0] ** 2\n", "-(await (a()))[0] ** 2\n"),
        ("asyncio.run(a(asyncio.run(b())))\n", "await (a((await (b()))))\n"),
        ("é = 'ü'; r = asyncio.run(f('ä'))\n", "é = 'ü'; r = await (f('ä'))\n"),
        ("asyncio.run(a() if x else b())\n", "await (a() if x else b())\n"),
        ("asyncio.run(main(),)\n", "await (main())\n"),
        ("asyncio.run((main()) , )\n", "await ((main())  )\n"),
        (
            "asyncio.run(  # a, b\n    main(\n        1,\n    ),  # (c, d)\n)\nx\n",
            "await (  # a, b\n    main(\n        1,\n    )  # (c, d)\n)\nx\n",
        ),
        ("asyncio.run(\n    main()  # a, b),\n)\n", "await (\n    main()  # a, b),\n)\n"),
        ("import asyncio as aio\naio.run(main())\n", "import asyncio as aio\nawait (main())\n"),
        ("from asyncio import run\nrun(main())\n", "from asyncio import run\nawait (main())\n"),
        ("import asyncio.subprocess\nasyncio.run(m())\n", None),
        ("%precision 3\nasyncio.run(main())\n", None),
        ("x = !ls\nasyncio.run(main())\n", None),
        ("s = 'a\x0cb\u2028c\x85d'; asyncio.run(main())\n", None),
        ("asyncio.run(main())\r\nx\n", None),
    ],
)
def test_where_an_await_means_the_same_it_is_put(
    shell: Any, cell: str, expected: str | None
) -> None:
    changed = shell.transform_cell(cell)
    assert "await (" in changed and "asyncio.run(" not in changed
    assert expected is None or changed == expected
    assert changed.count("\n") == cell.count("\n")
    compile(changed, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


@pytest.mark.parametrize(
    "cell",
    [
        "def f():\n    asyncio.run(main())\n",
        "async def f():\n    asyncio.run(main())\n",
        "def f(x=asyncio.run(main())): ...\n",
        "class C:\n    x = asyncio.run(main())\n",
        "f = lambda: asyncio.run(main())\n",
        "[asyncio.run(x) for x in y]\n",
        "sum(asyncio.run(x) for x in y)\n",
        "f'{asyncio.run(main())}'\n",
        "asyncio.run(main(), debug=True)\n",
        "asyncio.run(*mains)\n",
        "asyncio.run\n",
        "asyncio.run()\n",
        "(asyncio.run)(main())\n",
        "x.asyncio.run(main())\n",
        "asyncio.runners.run(main())\n",
        "# asyncio.run(main())\n'asyncio.run(main())'\n",
        "asyncio = other\nasyncio.run(main())\n",
        "import other as asyncio\nasyncio.run(main())\n",
        "import uvicorn\nuvicorn.run(app)\n",
        "run(main())\n",
        "from .asyncio import run\nrun(main())\n",
        "from asyncio import run\ndef run(x): ...\nrun(main())\n",
        "asyncio.run(main(\n",
        "%%time\nasyncio.run(main())\n",
    ],
)
def test_everything_else_stays_as_it_is(shell: Any, cell: str) -> None:
    assert "await" not in shell.transform_cell(cell)


def test_a_name_of_an_earlier_cell_counts(shell: Any) -> None:
    shell.user_ns["run"] = asyncio.run
    assert shell.transform_cell("run(main())\n") == "await (main())\n"
    shell.user_ns["run"] = print
    assert shell.transform_cell("run(main())\n") == "run(main())\n"
    shell.user_ns["asyncio"] = sys
    assert shell.transform_cell("asyncio.run(main())\n") == "asyncio.run(main())\n"


def test_without_autoawait_or_a_kernel_nothing_changes(shell: Any) -> None:
    shell.autoawait = False
    assert shell.transform_cell("asyncio.run(main())\n") == "asyncio.run(main())\n"
    shell.autoawait = True
    shell.kernel = None
    assert shell.transform_cell("asyncio.run(main())\n") == "asyncio.run(main())\n"


def test_removing_leaves_nothing_behind() -> None:
    shell = plain_shell()
    before = list(shell.input_transformers_post)
    rewriting = AwaitAsyncioRun(shell)
    rewriting.install()
    rewriting.remove()
    assert shell.input_transformers_post == before


MAIN = """
import asyncio
async def main(name="Ada"):
    await asyncio.sleep(0)
    return f"Hello {name}"
"""


@pytest_asyncio.fixture(params=VERSIONS)
async def kernel(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[LiveKernel]:
    async with live_kernel(request.param, tmp_path) as running:
        yield running


async def failed(kernel: LiveKernel, source: str) -> str:
    """The traceback of a cell that fails, without colours."""
    reply = await kernel.ended(kernel.start("%colors NoColor\n" + source))
    assert reply["status"] == "error", reply
    return "\n".join(reply["traceback"])


# What asyncio says of main(), which was never awaited, is not the point here.
IN_A_FUNCTION = "import warnings; warnings.simplefilter('ignore')\ndef f():\n"


async def test_a_lesson_as_it_is_written_runs(kernel: LiveKernel) -> None:
    await kernel.run("%load_ext nbagent")
    lesson = MAIN + '\nif __name__ == "__main__":\n    print(asyncio.run(main()))\n'
    assert "Hello Ada" in await kernel.run(lesson)
    assert "Hello Bob" in await kernel.run("r = asyncio.run(main('Bob'))\nr")
    trace = await failed(kernel, "\n1\nasyncio.run(main(1 / 0))\n2\n")
    assert "ZeroDivisionError" in trace and "----> 4 await (main(1 / 0))" in trace


async def test_in_a_function_the_error_says_what_to_write(kernel: LiveKernel) -> None:
    await kernel.run(f"%load_ext nbagent\n{MAIN}")
    trace = await failed(kernel, f"{IN_A_FUNCTION}    return asyncio.run(main('Bob'))\nf()")
    assert "asyncio.run() cannot be called from a running event loop" in trace
    assert "write: await main('Bob')" in trace
    assert "write: nbagent.run_sync(main('Bob'))" in trace
    trace = await failed(
        kernel,
        f"{IN_A_FUNCTION}    loop = asyncio.get_running_loop()\n"
        "    loop.run_until_complete(main())\nawait asyncio.sleep(0)\nf()",
    )
    assert "write: nbagent.run_sync(main())" in trace


async def test_other_errors_and_handlers_are_left_alone(kernel: LiveKernel) -> None:
    await kernel.run(
        "import sys\n"
        "def mine(shell, kind, error, trace, tb_offset=None):\n    print('mine:', error)\n"
        "get_ipython().set_custom_exc((LookupError,), mine)\n%load_ext nbagent"
    )
    cell = kernel.start("raise KeyError('a')")
    await kernel.ended(cell)
    assert "mine: 'a'" in kernel.text(cell)
    trace = await failed(kernel, "raise RuntimeError('another')")
    assert "RuntimeError: another" in trace and "run_sync" not in trace
    await kernel.run("%unload_ext nbagent")
    cell = kernel.start("raise KeyError('b')")
    await kernel.ended(cell)
    assert "mine: 'b'" in kernel.text(cell)
    assert "(LookupError,)" in await kernel.run(
        "print(str(get_ipython().custom_exceptions).replace(\"<class 'LookupError'>\", "
        "'LookupError'))"
    )


async def test_without_the_extension_nothing_changes(kernel: LiveKernel) -> None:
    await kernel.run(f"%load_ext nbagent\n%unload_ext nbagent\n{MAIN}")
    trace = await failed(
        kernel, "import warnings; warnings.simplefilter('ignore')\nasyncio.run(main())"
    )
    assert "cannot be called from a running event loop" in trace and "run_sync" not in trace
    assert "()" in await kernel.run("print(get_ipython().custom_exceptions)")
