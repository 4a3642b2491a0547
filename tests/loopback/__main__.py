"""`python -m tests.loopback`: the server by itself. It prints its address and runs."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from pydantic import TypeAdapter

from tests.loopback.answers import Answer, Fault, FaultKind, HttpError, Reply
from tests.loopback.server import LoopbackServer


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.loopback", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--text", default="word ", help="the text of each delta")
    parser.add_argument("--deltas", type=int, default=20, help="how many deltas")
    parser.add_argument("--interval-ms", type=float, default=0.0, help="0: as fast as possible")
    parser.add_argument("--status", type=int, help="answer with this HTTP error instead")
    parser.add_argument("--fault", choices=get_args(FaultKind), help="let each answer go wrong")
    parser.add_argument("--after", type=int, default=5, help="events before the fault")
    parser.add_argument(
        "--script",
        type=Path,
        help="a JSON file with a list of answers, each an object with the fields of "
        "tests.loopback.Answer or tests.loopback.HttpError; used instead of the above",
    )
    parser.add_argument("--once", action="store_true", help="do not start the script over")
    parser.add_argument("--until-stdin-closes", action="store_true", help="end with the caller")
    options = parser.parse_args(arguments)
    asyncio.run(_serve(_replies(options), options))


def _replies(options: argparse.Namespace) -> list[Reply]:
    if options.script:
        text = options.script.read_text(encoding="utf-8")
        return TypeAdapter(list[HttpError | Answer]).validate_json(text)
    if options.status:
        return [HttpError(options.status)]
    fault = Fault(options.fault, options.after) if options.fault else None
    interval = options.interval_ms / 1000
    return [Answer(text=[options.text] * options.deltas, interval=interval, fault=fault)]


async def _serve(replies: list[Reply], options: argparse.Namespace) -> None:
    server = LoopbackServer(replies, repeat=not options.once)
    await server.start(options.port)
    print(server.url, flush=True)
    try:
        if options.until_stdin_closes:
            await asyncio.to_thread(sys.stdin.read)  # a blocking read, hence the thread
        else:
            await asyncio.Event().wait()
    finally:
        await server.close()


if __name__ == "__main__":
    main()
