"""A real HTTP server on 127.0.0.1 that speaks the chat completions protocol, for tests.

```python
async with LoopbackServer([Answer(text=["Hel", "lo"]), HttpError(429, retry_after=1)]) as server:
    client = OpenAIChatCompletionClient(model="any", base_url=server.url)
```

From another process: `python -m tests.loopback --help`, or `loopback_process()`.
"""

from tests.loopback.answers import Answer, Fault, HttpError, Reply, ToolCall
from tests.loopback.process import loopback_process
from tests.loopback.server import LoopbackServer, RecordedRequest

__all__ = [
    "Answer",
    "Fault",
    "HttpError",
    "LoopbackServer",
    "RecordedRequest",
    "Reply",
    "ToolCall",
    "loopback_process",
]
