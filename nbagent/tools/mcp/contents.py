"""What an MCP server sends, as the texts and pictures that nbagent knows."""

import json
from collections.abc import Sequence

import mcp.types as types

from nbagent.exceptions import ImageError
from nbagent.image import Image


def texts_and_pictures(result: types.CallToolResult) -> list[str | Image]:
    """The result of a call, in its order.

    What is neither text nor a picture is told of in words. Structured content counts only where
    there is no other, as servers send it in both ways.
    """
    parts = [_part(block) for block in result.content]
    if not parts and result.structured_content is not None:
        return [json.dumps(result.structured_content, ensure_ascii=False)]
    return parts


def plain_text(parts: Sequence[str | Image]) -> str:
    """Texts and pictures as one text."""
    return "\n".join(part if isinstance(part, str) else "[image]" for part in parts)


def _part(block: types.ContentBlock) -> str | Image:
    match block:
        case types.TextContent():
            return block.text
        case types.ImageContent():
            return _picture(block.data, block.mime_type)
        case types.AudioContent():
            return f"[sound, {block.mime_type}, {len(block.data) * 3 // 4:,} bytes]"
        case types.ResourceLink():
            about = f": {block.description}" if block.description else ""
            return f"[resource {block.name} at {block.uri}{about}]"
        case types.EmbeddedResource():
            return _resource(block.resource)


def _resource(resource: types.TextResourceContents | types.BlobResourceContents) -> str | Image:
    if isinstance(resource, types.TextResourceContents):
        return resource.text
    kind = resource.mime_type or "of an unknown type"
    if kind.startswith("image/"):
        return _picture(resource.blob, kind)
    return f"[resource {resource.uri}, {kind}, {len(resource.blob) * 3 // 4:,} bytes]"


def _picture(data: str, kind: str) -> str | Image:
    try:
        return Image.from_base64(data)
    except ImageError as error:
        return f"[a picture ({kind}) that cannot be shown: {error}]"
