"""An accessibility check of what a page shows, with the rules of axe-core."""

from importlib.resources import files
from typing import Any, Protocol, cast

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
"""The sets of rules that are checked."""

_OF_WHOLE_PAGES = {
    "region",
    "page-has-heading-one",
    "landmark-one-main",
    "bypass",
    "document-title",
    "heading-order",
}
"""Rules about a page as a whole, which belongs to the front end."""

_RUN = """async ([selector, rules]) => {
  const result = await axe.run(selector, {
    runOnly: {type: "tag", values: rules}, resultTypes: ["violations"],
  });
  return result.violations.map(({id, help, nodes}) => ({
    id, help, nodes: nodes.map(({html, failureSummary}) => `${html}\\n${failureSummary}`),
  }));
}"""


class AsyncPage(Protocol):
    """Playwright's asynchronous `Page`, as far as it is needed."""

    async def evaluate(self, expression: str, arg: object = None) -> Any:
        """Run a script in the page."""
        ...


class SyncPage(Protocol):
    """Playwright's synchronous `Page`, as far as it is needed."""

    def evaluate(self, expression: str, arg: object = None) -> Any:
        """Run a script in the page."""
        ...


def violations(page: SyncPage, selector: str) -> list[str]:
    """What axe finds wrong within the elements that `selector` matches; empty where nothing is."""
    page.evaluate(_axe())
    return _texts(page.evaluate(_RUN, [selector, list(RULES)]))


async def violations_async(page: AsyncPage, selector: str) -> list[str]:
    """As `violations()`, for Playwright's asynchronous pages."""
    await page.evaluate(_axe())
    return _texts(await page.evaluate(_RUN, [selector, list(RULES)]))


def _axe() -> str:
    """The script that defines `axe` in a page, unless it is there."""
    source = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
    return f"() => {{ if (!globalThis.axe) {{ {source}\n }} }}"


def _texts(found: Any) -> list[str]:
    return [
        f"{each['id']}: {each['help']}\n" + "\n".join(each["nodes"])
        for each in cast("list[dict[str, Any]]", found)
        if each["id"] not in _OF_WHOLE_PAGES
    ]
