"""The same question twice, with a cache on disk between the agent and the model."""

import asyncio
import sys

from diskcache import Cache

from nbagent.cache_store.diskcache import DiskCacheStore
from nbagent.models import UserMessage
from nbagent.models.cache import CHAT_CACHE_VALUE_TYPE, ChatCompletionCache
from nbagent.models.openai import OpenAIChatCompletionClient


async def main(folder: str) -> None:
    openai_model_client = OpenAIChatCompletionClient(model="gpt-4o")
    with Cache(folder) as cache:
        cache_store = DiskCacheStore[CHAT_CACHE_VALUE_TYPE](cache)
        cache_client = ChatCompletionCache(openai_model_client, cache_store)

        question = UserMessage(content="Name a lighthouse.", source="user")
        first = await cache_client.create([question])
        print(first.content, first.cached)
        second = await cache_client.create([question])
        print(second.content, second.cached)
        await cache_client.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
