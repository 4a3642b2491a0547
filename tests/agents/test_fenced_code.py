"""Code blocks in Markdown: which text runs, and that nothing else does."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbagent.agents.fenced_code import fenced, fenced_code
from nbagent.code_executor import CodeBlock


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("```python\na = 1\n```", ["a = 1\n"]),
        ("```Python title=x\na\n```", ["a\n"]),
        ("~~~python\na\n~~~", ["a\n"]),
        ("   ```python\n   a\n     b\n   ```", ["a\n  b\n"]),
        ("````python\nx = '''\n```\n'''\n````", ["x = '''\n```\n'''\n"]),
        ("```python\r\na\r\n```", ["a\r\n"]),
        ("```python\n```", [""]),
        ("```python\na\n", []),
        ("```python\na\n~~~", []),
        ("    ```python\na\n```\n", []),
        ("`python\na\n`", []),
        ("```\na\n```", []),
        ("```pythonista\na\n```", []),
        ("use ```python\nrm\n``` here", []),
        ("```text\n```python\nb\n```", []),
    ],
)
def test_blocks(text: str, code: list[str]) -> None:
    assert [block.code for block in fenced_code(text, ["python"])] == code


@settings(deadline=None)
@given(st.text(alphabet="ab`~ \n\r'\u2028", max_size=60))
def test_what_is_fenced_is_found_again(code: str) -> None:
    """What a person approves is exactly what would run."""
    block = CodeBlock(code=code, language="python")
    found = fenced_code(fenced(block), ["python"])
    assert [one.code.rstrip("\r\n") for one in found] == [code.rstrip("\r\n")]
