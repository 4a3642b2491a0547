"""What the programs find around them: a model's server, and nobody else's settings."""

import logging
import os
from collections.abc import AsyncGenerator, Callable, Iterator

import pytest

from nbagent import EVENT_LOGGER_NAME
from tests.loopback import Answer, LoopbackServer, RecordedRequest, Reply


class ModelServer:
    """A model's server that answers with what it is told, in order.

    Attributes:
        replies: The replies that are left.
    """

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self._server = LoopbackServer(lambda request: self.replies.pop(0))

    def answers(self, *replies: Reply | str) -> None:
        """Answer so from now on; a text is an answer in one piece."""
        self.replies += [
            Answer(text=[reply]) if isinstance(reply, str) else reply for reply in replies
        ]

    @property
    def requests(self) -> list[RecordedRequest]:
        """What the model was asked."""
        return self._server.requests

    def said_to(self, number: int) -> list[tuple[str, object]]:
        """Role and content of each message that the model was sent in a call."""
        return [
            (message["role"], message.get("content"))
            for message in self.requests[number].body["messages"]
        ]

    def tools_of(self, number: int) -> list[str]:
        """The names of the tools that the model was offered in a call."""
        return [tool["function"]["name"] for tool in self.requests[number].body.get("tools", [])]

    async def start(self) -> str:
        await self._server.start()
        return self._server.url

    async def close(self) -> None:
        await self._server.close()


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """The programs set up logging as they like; the next test finds it as it was."""
    logger = logging.getLogger(EVENT_LOGGER_NAME)
    level, handlers = logger.level, logger.handlers[:]
    yield
    logger.setLevel(level)
    logger.handlers[:] = handlers


@pytest.fixture
async def model(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[ModelServer, None]:
    """A model's server, which the OpenAI client finds through the environment."""
    for name in list(os.environ):
        if name.startswith(("OPENAI_", "AZURE_OPENAI_")):
            monkeypatch.delenv(name)
    server = ModelServer()
    monkeypatch.setenv("OPENAI_BASE_URL", await server.start())
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-tests")
    yield server
    await server.close()
    assert server.replies == [], "the program did not ask for all of the answers"


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[str]]:
    """Gives the lines that the program printed since the last look."""
    return lambda: capsys.readouterr().out.splitlines()
