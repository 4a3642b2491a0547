"""Random teams of agents that talk, call tools, fail and hand over, all from one seed."""

import asyncio
import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel

from nbagent.agents import AssistantAgent
from nbagent.base import ChatAgent, Team
from nbagent.cancellation import CancellationToken
from nbagent.conditions import ExternalTermination, HandoffTermination, MaxMessageTermination
from nbagent.messages import BaseAgentEvent, BaseChatMessage
from nbagent.models import AssistantMessage, UserMessage
from nbagent.models.replay import ReplayChatCompletionClient
from nbagent.models.types import CreateResult, FunctionCall, LLMMessage, RequestUsage
from nbagent.teams import BaseGroupChat, RoundRobinGroupChat, SelectorGroupChat, Swarm
from nbagent.tools import FunctionTool, Tool, ToolSchema
from tests.agents.models import replay

Kind: TypeAlias = Literal["round robin", "selector", "swarm", "nested", "nested selector"]
KINDS: tuple[Kind, ...] = ("round robin", "selector", "swarm", "nested", "nested selector")
OUTSIDE = "user"


async def fetch(number: int) -> str:
    """Take a few turns of the event loop."""
    for _ in range(number):
        await asyncio.sleep(0)
    return f"fetched {number}"


async def broken() -> str:
    """Fail."""
    raise OSError("broken")


TOOLS = [FunctionTool(fetch), FunctionTool(broken)]


class RandomClient(ReplayChatCompletionClient):
    """Replays answers that are made up as they are needed; fails when told to.

    Args:
        name: Whose model it is; its texts begin with that.
        seed: Of the answers.
        numbers: Makes each text and each call unique.
        handoffs: To whom its agent may hand over.
    """

    def __init__(self, name: str, seed: int, numbers: Iterator[int], handoffs: Sequence[str]):
        super().__init__([])
        self._name = name
        self._chance = random.Random(seed)
        self._numbers = numbers
        self._handoffs = handoffs
        self.fails = False

    async def create(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = [],
        tool_choice: Tool | Literal["auto", "required", "none"] = "auto",
        json_output: bool | type[BaseModel] | None = None,
        extra_create_args: Mapping[str, Any] = {},
        cancellation_token: CancellationToken | None = None,
    ) -> CreateResult:
        if self.fails:
            self.fails = False
            await asyncio.sleep(0)
            raise ConnectionError(f"the line of {self._name} is dead")
        self.chat_completions.append(self._answer())
        self.create_calls.clear()
        return await super().create(
            messages,
            tools=tools,
            tool_choice=tool_choice,
            json_output=json_output,
            extra_create_args=extra_create_args,
            cancellation_token=cancellation_token,
        )

    def _answer(self) -> CreateResult:
        words = f"{self._name} says {next(self._numbers)}"
        kind = self._chance.randrange(10)
        content: str | list[FunctionCall] = words
        if kind < 2 and self._handoffs:
            content = [self._call(f"transfer_to_{self._chance.choice(self._handoffs)}", "{}")]
        elif kind < 6:
            content = [self._some_call() for _ in range(self._chance.randrange(1, 4))]
        return CreateResult(
            finish_reason="stop" if content is words else "function_calls",
            content=content,
            usage=RequestUsage(1, 1),
            cached=False,
            thought=f"{self._name} thinks" if kind % 2 else None,
        )

    def _some_call(self) -> FunctionCall:
        name, arguments = self._chance.choice(
            [
                ("fetch", f'{{"number": {self._chance.randrange(5)}}}'),
                ("fetch", '{"number": '),
                ("broken", "{}"),
                ("unknown", "{}"),
            ]
        )
        return self._call(name, arguments)

    def _call(self, name: str, arguments: str) -> FunctionCall:
        return FunctionCall(id=f"call {next(self._numbers)}", name=name, arguments=arguments)


class RandomTeam:
    """A team of a kind, with its agents and what they must have heard.

    Args:
        kind: Which kind.
        seed: Of everything else.
    """

    def __init__(self, kind: Kind, seed: int) -> None:
        self.kind: Kind = kind
        self._seed = seed
        self._numbers = count()
        self._generation = 0
        self.build()

    def build(self) -> None:
        """The team, new: as in another process."""
        self._generation += 1
        chance = random.Random(self._seed)
        self.agents: dict[str, AssistantAgent] = {}
        self.clients: dict[str, RandomClient] = {}
        self.stop = ExternalTermination()
        self.team: BaseGroupChat = self._team(chance, chance.randrange(2, 5))

    def _agent(self, name: str, chance: random.Random, handoffs: Sequence[str] = ()) -> ChatAgent:
        seed = chance.randrange(1000) + self._generation
        client = RandomClient(name, seed, self._numbers, handoffs)
        agent = AssistantAgent(
            name,
            client,
            tools=TOOLS,
            handoffs=list(handoffs),
            model_client_stream=chance.random() < 0.5,
            reflect_on_tool_use=chance.random() < 0.5,
            max_tool_iterations=chance.randrange(1, 3),
        )
        self.agents[name], self.clients[name] = agent, client
        return agent

    def _team(self, chance: random.Random, turns: int) -> BaseGroupChat:
        stop = self.stop | MaxMessageTermination(12)
        if self.kind == "swarm":
            names = ["a", "b", "c"]
            handing = [
                self._agent(name, chance, [*(n for n in names if n != name), OUTSIDE])
                for name in names
            ]
            stop = stop | HandoffTermination(OUTSIDE)
            return Swarm(handing, termination_condition=stop, max_turns=turns)
        members: list[ChatAgent | Team] = [self._agent(name, chance) for name in ("a", "b")]
        if self.kind.startswith("nested"):
            inner = [self._agent(name, chance) for name in ("c", "d")]
            members.append(RoundRobinGroupChat(inner, name="inner", max_turns=2))
        if self.kind.endswith("selector"):
            names = [member.name for member in members]

            def choose(thread: Sequence[BaseAgentEvent | BaseChatMessage]) -> str:
                return names[len(thread) * 7 % len(names)]

            return SelectorGroupChat(
                members,
                replay(),
                selector_func=choose,
                termination_condition=stop,
                max_turns=turns,
                emit_team_events=True,
            )
        return RoundRobinGroupChat(members, termination_condition=stop, max_turns=turns)

    async def check(self, said: Sequence[BaseChatMessage]) -> None:
        """Each call has one result, and each agent knows, or is about to hear, all that was said.

        Args:
            said: All messages that a reader has seen, oldest first.
        """
        for name, agent in self.agents.items():
            messages = await agent.model_context.get_messages()
            _check_calls(messages)
            heard = [message.content for message in messages if isinstance(message, UserMessage)]
            heard += [message.to_text() for message in _unheard(self.team, name)]
            assert heard == [message.to_text() for message in said if message.source != name]
            own = [
                message.content
                for message in messages
                if isinstance(message, AssistantMessage)
                and message.source == name
                and isinstance(message.content, str)
                and message.content.startswith(f"{name} says")
            ]
            assert own == [
                message.to_text()
                for message in said
                if message.source == name and message.to_text().startswith(f"{name} says")
            ]


def _unheard(team: Any, name: str) -> list[BaseChatMessage]:
    """What is kept for an agent: in its team, and then in the team that this one is in."""
    participants = team._participants
    if name in participants:
        return list(participants[name].unheard)
    inner = participants["inner"]
    return [*_unheard(inner.member, name), *inner.unheard]


def _check_calls(messages: Sequence[LLMMessage]) -> None:
    waiting: list[str] = []
    for message in messages:
        if message.type == "FunctionExecutionResultMessage":
            assert [result.call_id for result in message.content] == waiting
            waiting = []
            continue
        assert not waiting, "calls without results"
        if isinstance(message, AssistantMessage) and not isinstance(message.content, str):
            waiting = [call.id for call in message.content]
    assert not waiting, "calls without results"
