"""What an MCP server asks a person: a form to fill in, or an address to visit.

The person decides first whether the server gets an answer at all, as the MCP specification's
page on elicitation demands.
"""

from typing import Any
from urllib.parse import urlsplit

import mcp.types as types

from nbagent.cancellation import CancellationToken
from nbagent.exceptions import UserInputError
from nbagent.questions import ask

ANSWER = "Answer"
DONE = "Done"
DECLINE = "Decline"

_LONGEST_MESSAGE = 4_000
_LONGEST_ADDRESS = 2_000


async def elicit(
    server: str, params: types.ElicitRequestParams, cancellation_token: CancellationToken
) -> types.ElicitResult | types.ErrorData:
    """Ask a person what a server wants to know.

    Args:
        server: What the server is called.
        params: What it asks.
        cancellation_token: Withdraws the question when cancelled.

    Returns:
        The answer, a refusal of the person, or "cancel" where nobody could be asked.
    """
    message = f"{server} asks: {params.message[:_LONGEST_MESSAGE]}"
    try:
        if isinstance(params, types.ElicitRequestURLParams):
            return await _visit(message, params.url, cancellation_token)
        return await _fill_in(message, params.requested_schema, cancellation_token)
    except UserInputError:
        return types.ElicitResult(action="cancel")
    except ValueError as error:  # of the form, or of an answer that MCP cannot carry
        return types.ErrorData(code=types.INVALID_PARAMS, message=f"no such form: {error}"[:500])


async def _fill_in(
    message: str, schema: dict[str, Any], cancellation_token: CancellationToken
) -> types.ElicitResult:
    properties: dict[str, Any] = schema.get("properties") or {}
    wanted = f"\nIt wants to know: {', '.join(properties)}." if properties else ""
    choice = await ask(
        message + wanted, choices=(ANSWER, DECLINE), cancellation_token=cancellation_token
    )
    if choice == DECLINE:
        return types.ElicitResult(action="decline")
    if not properties:
        return types.ElicitResult(action="accept", content={})
    content = await ask(message, schema, cancellation_token=cancellation_token)
    return types.ElicitResult(action="accept", content=content)


async def _visit(
    message: str, url: str, cancellation_token: CancellationToken
) -> types.ElicitResult | types.ErrorData:
    if urlsplit(url).scheme not in ("http", "https") or len(url) > _LONGEST_ADDRESS:
        return types.ErrorData(code=types.INVALID_PARAMS, message="no address of a page")
    choice = await ask(
        f"{message}\nOpen this address yourself, if you trust {urlsplit(url).netloc}: {url}",
        choices=(DONE, DECLINE),
        cancellation_token=cancellation_token,
    )
    return types.ElicitResult(action="accept" if choice == DONE else "decline")
