"""A tool written as a class, and one that remembers what it did."""

import asyncio

from pydantic import BaseModel, Field

from nbagent import CancellationToken, FunctionCall
from nbagent.agents import AssistantAgent
from nbagent.models import CreateResult, ModelFamily, ModelInfo, RequestUsage
from nbagent.models.replay import ReplayChatCompletionClient
from nbagent.tools import BaseTool, BaseToolWithState


class DistanceArgs(BaseModel):
    start: str = Field(description="Where the way begins.")
    end: str = Field(description="Where it ends.")


class Distance(BaseModel):
    kilometres: float


class DistanceTool(BaseTool[DistanceArgs, Distance]):
    def __init__(self) -> None:
        super().__init__(DistanceArgs, Distance, "distance", "How far it is between two places.")

    async def run(self, args: DistanceArgs, cancellation_token: CancellationToken) -> Distance:
        return Distance(kilometres=float(len(args.start) + len(args.end)))


class TallyArgs(BaseModel):
    word: str


class TallyState(BaseModel):
    seen: dict[str, int] = {}


class TallyTool(BaseToolWithState[TallyArgs, int, TallyState]):
    def __init__(self) -> None:
        super().__init__(
            args_type=TallyArgs,
            return_type=int,
            state_type=TallyState,
            name="tally",
            description="Count how often a word was given.",
        )
        self._seen: dict[str, int] = {}

    async def run(self, args: TallyArgs, cancellation_token: CancellationToken) -> int:
        self._seen[args.word] = self._seen.get(args.word, 0) + 1
        return self._seen[args.word]

    def save_state(self) -> TallyState:
        return TallyState(seen=self._seen)

    def load_state(self, state: TallyState) -> None:
        self._seen = dict(state.seen)


async def main() -> None:
    call = FunctionCall(id="1", name="distance", arguments='{"start": "Ulm", "end": "Bonn"}')
    model_client = ReplayChatCompletionClient(
        [
            CreateResult(
                finish_reason="function_calls",
                content=[call],
                usage=RequestUsage(prompt_tokens=9, completion_tokens=4),
                cached=False,
            )
        ],
        model_info=ModelInfo(
            vision=False,
            function_calling=True,
            json_output=False,
            family=ModelFamily.UNKNOWN,
            structured_output=False,
        ),
    )
    agent = AssistantAgent("guide", model_client, tools=[DistanceTool()])
    result = await agent.run(task="How far is it from Ulm to Bonn?")
    print(result.messages[-1].to_text())

    tally = TallyTool()
    for _ in range(2):
        await tally.run_json({"word": "gull"}, CancellationToken())
    state = await tally.save_state_json()
    other = TallyTool()
    await other.load_state_json(state)
    print(state, await other.run_json({"word": "gull"}, CancellationToken()))


if __name__ == "__main__":
    asyncio.run(main())
