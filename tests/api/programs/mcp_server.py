"""The tools of an MCP server: as a workbench, and one by one."""

import asyncio

from nbagent import CancellationToken
from nbagent.agents import AssistantAgent
from nbagent.models.openai import OpenAIChatCompletionClient
from nbagent.tools.mcp import McpWorkbench, StdioServerParams, mcp_server_tools


async def main(params: StdioServerParams) -> None:
    model_client = OpenAIChatCompletionClient(model="gpt-4o")
    async with McpWorkbench(params) as mcp:
        agent = AssistantAgent(
            name="clerk", model_client=model_client, workbench=mcp, reflect_on_tool_use=True
        )
        result = await agent.run(task="Add 19 and 23.", cancellation_token=CancellationToken())
        print(result.messages[-1].to_text())

    tools = await mcp_server_tools(params)
    [adder] = [tool for tool in tools if tool.name == "add"]
    value = await adder.run_json({"a": 1, "b": 2}, CancellationToken())
    print(adder.return_value_as_string(value))
    await model_client.close()


if __name__ == "__main__":
    asyncio.run(main(StdioServerParams(command="uvx", args=["mcp-server-of-your-choice"])))
