"""Where an MCP server is: a program to start, or an address.

Secrets live in `env` and `headers`. They are left out of reprs and masked in JSON, so that a
dumped component does not carry them.
"""

import re
from collections.abc import Iterable
from pathlib import PurePath
from typing import Annotated, Any, Literal, TypeAlias
from urllib.parse import parse_qsl, urlencode, urlsplit

from mcp import StdioServerParameters
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_serializer, field_validator

from nbagent.tools.mcp.errors import McpServerError

MASK = "**********"
"""Stands for a secret in reprs and in JSON."""

_SHORTEST_SECRET = 6
"""Shorter values are no keys, and hiding them would tear holes into ordinary words."""

_SECRET_NAME = re.compile(r"key|token|secret|passw|auth|sig|credential", re.IGNORECASE)


class StdioServerParams(StdioServerParameters):
    """A server that is a program, spoken to through its standard input and output.

    The program gets `env` and, of this process's own environment, what the mcp package hands
    on: HOME, LOGNAME, PATH, SHELL, TERM and USER (on Windows APPDATA, HOMEDRIVE, HOMEPATH,
    LOCALAPPDATA, PATH, PATHEXT, PROCESSOR_ARCHITECTURE, SYSTEMDRIVE, SYSTEMROOT, TEMP, USERNAME
    and USERPROFILE). Nothing else is inherited.

    Attributes:
        command: The program.
        args: Its arguments. Other users of the machine can see them: put secrets into `env`.
        env: Further environment variables. Their values are hidden in reprs and in JSON.
        cwd: The folder that it runs in.
        encoding: Of what it reads and writes.
        encoding_error_handler: What happens to bytes that do not fit the encoding.
        read_timeout_seconds: Seconds that it may take for each answer. The time that a person
            or a model needs to answer a question of the server does not count.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    type: Literal["StdioServerParams"] = "StdioServerParams"
    env: dict[str, str] | None = Field(default=None, repr=False)
    read_timeout_seconds: float = Field(default=5, gt=0)

    @field_serializer("env", when_used="json")
    def _mask_env(self, env: dict[str, str] | None) -> dict[str, str] | None:
        return None if env is None else dict.fromkeys(env, MASK)


class _HttpServerParams(BaseModel):
    """What servers with an address have in common."""

    model_config = ConfigDict(hide_input_in_errors=True)

    url: str
    headers: dict[str, Any] | None = Field(default=None, repr=False)

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(
                "must be an http or https address, such as 'http://localhost:8000/mcp'"
            )
        if "@" in parts.netloc:
            raise ValueError(
                "must hold no user name or password: pass headers={'Authorization': ...}"
            )
        return url

    @field_serializer("url", when_used="json")
    def _mask_url(self, url: str) -> str:
        return _without_secrets(url)

    @field_serializer("headers", when_used="json")
    def _mask_headers(self, headers: dict[str, Any] | None) -> dict[str, str] | None:
        return None if headers is None else dict.fromkeys(headers, MASK)

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        for name, value in super().__repr_args__():
            yield name, _without_secrets(self.url) if name == "url" else value


class SseServerParams(_HttpServerParams):
    """A server with an address, spoken to through server-sent events: the older way.

    One message may have at most 1 MiB.

    Attributes:
        url: The address of the event stream.
        headers: Sent with every request. Their values are hidden in reprs and in JSON.
        timeout: Seconds that a connection may take.
        sse_read_timeout: Seconds that each answer may take. The time that a person or a model
            needs to answer a question of the server does not count.
    """

    type: Literal["SseServerParams"] = "SseServerParams"
    timeout: float = Field(default=5, gt=0)
    sse_read_timeout: float = Field(default=300, gt=0)


class StreamableHttpServerParams(_HttpServerParams):
    """A server with an address, spoken to through streamable HTTP.

    Attributes:
        url: The address.
        headers: Sent with every request. Their values are hidden in reprs and in JSON.
        timeout: Seconds that a connection may take.
        sse_read_timeout: Seconds that each answer may take. The time that a person or a model
            needs to answer a question of the server does not count.
        terminate_on_close: Tell the server when the session ends.
    """

    type: Literal["StreamableHttpServerParams"] = "StreamableHttpServerParams"
    timeout: float = Field(default=30.0, gt=0)
    sse_read_timeout: float = Field(default=300.0, gt=0)
    terminate_on_close: bool = True


McpServerParams: TypeAlias = Annotated[
    StdioServerParams | SseServerParams | StreamableHttpServerParams, Field(discriminator="type")
]
"""Any of the three ways to reach a server."""


def server_name(params: McpServerParams) -> str:
    """What errors and questions call a server; without anything that could be a secret."""
    if isinstance(params, StdioServerParams):
        script = next((arg for arg in params.args if re.search(r"\.(py|js|ts)$", arg)), "")
        return " ".join(PurePath(part).name for part in (params.command, script) if part)
    return urlsplit(params.url).netloc


def answer_timeout(params: McpServerParams) -> float:
    """Seconds that a server may take for one answer."""
    if isinstance(params, StdioServerParams):
        return params.read_timeout_seconds
    return params.sse_read_timeout


def plain_headers(params: SseServerParams | StreamableHttpServerParams) -> dict[str, str]:
    """The headers as they are sent."""
    return {name: _plain(value) for name, value in (params.headers or {}).items()}


def check_not_masked(params: McpServerParams) -> None:
    """Refuse parameters that were loaded from data in which the secrets are masked.

    Raises:
        McpServerError: A secret is missing. The message says which.
    """
    if isinstance(params, StdioServerParams):
        where, values = "env", params.env or {}
    else:
        where, values = "headers", params.headers or {}
        if any(value == MASK for _, value in parse_qsl(urlsplit(params.url).query)):
            raise McpServerError(
                f"The address of MCP server {server_name(params)} was masked when it was written "
                "down. Set server_params.url before the server is used."
            )
    masked = [name for name, value in values.items() if _plain(value) == MASK]
    if masked:
        raise McpServerError(
            f"{masked[0]} of MCP server {server_name(params)} was masked when it was written down. "
            f"Set server_params.{where}[{masked[0]!r}] before the server is used."
        )


def hide_secrets(text: str, params: McpServerParams) -> str:
    """The text without the server's secrets; servers repeat what they were sent."""
    for secret in sorted(_secrets(params), key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "[hidden]")
    return text


def _secrets(params: McpServerParams) -> set[str]:
    if isinstance(params, StdioServerParams):
        return set((params.env or {}).values())
    values: set[str] = set()
    for value in plain_headers(params).values():
        values |= {value, value.rpartition(" ")[2]}  # "Bearer KEY" may be repeated as KEY
    query = urlsplit(params.url).query
    return values | {value for name, value in parse_qsl(query) if _SECRET_NAME.search(name)}


def _without_secrets(url: str) -> str:
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    if not any(_SECRET_NAME.search(name) for name, _ in query):
        return url
    masked = [(name, MASK if _SECRET_NAME.search(name) else value) for name, value in query]
    return parts._replace(query=urlencode(masked, safe="*")).geturl()


def _plain(value: Any) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)
