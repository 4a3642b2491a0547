"""How large the files may be that a person hands over."""

from dataclasses import dataclass

from nbagent import image


@dataclass(frozen=True)
class Limits:
    """What is accepted, as it is on disk.

    Attributes:
        picture_bytes: The largest picture. In pixels it is `nbagent.image.MAX_PIXELS`.
        text_bytes: The longest text. 200,000 bytes are some 50,000 tokens, which fit into the
            context of current models together with a conversation.
        other_bytes: The largest file that is neither; 0 refuses such files.
        picture_side: The longer side of the picture that a model gets, in pixels; larger ones
            are scaled down. OpenAI's models scale what they get to fit into 2048x2048
            themselves: https://platform.openai.com/docs/guides/images-vision
        total_bytes: The most that one message or one drop may have together.
    """

    picture_bytes: int = image.MAX_BYTES
    text_bytes: int = 200_000
    other_bytes: int = 0
    picture_side: int = 2048
    total_bytes: int = 100_000_000


FOR_MODELS = Limits()
"""For a chat: pictures and texts that a model can be given."""

ANY_FILE = Limits(
    picture_bytes=250_000_000,
    text_bytes=50_000_000,
    other_bytes=250_000_000,
    total_bytes=500_000_000,
)
"""For a drop zone: everything up to 250 MB."""


def refuse_early(name: str, size: int, limits: Limits, held: int = 0) -> str | None:
    """Whether a file need not even be sent, judged by its size alone.

    Its name proves nothing about what it is; that is judged by `read_attachment()`.

    Args:
        name: The file's name, for the reason.
        size: Its size in bytes, as the sender claims.
        limits: What is accepted.
        held: How many bytes the files have together that were accepted before it.

    Returns:
        The reason and a way out, or None.
    """
    if size <= 0 and not limits.other_bytes:
        return f"{name!r} is empty. Choose a file that has something in it."
    most = max(limits.picture_bytes, limits.text_bytes, limits.other_bytes)
    if size > most:
        return (
            f"{name!r} has {size_text(size)}; at most {size_text(most)} are accepted. "
            "Choose a smaller file."
        )
    if held + size > limits.total_bytes:
        return (
            f"with {name!r} the files have {size_text(held + size)} together; at most "
            f"{size_text(limits.total_bytes)} are accepted at once. Hand over fewer at a time."
        )
    return None


def size_text(size: int) -> str:
    """A number of bytes as people say it: "12 bytes", "200 kB", "52.4 MB"."""
    if size < 1000:
        return f"{size} bytes"
    number, unit = (size / 1e6, "MB") if size >= 999_950 else (size / 1e3, "kB")
    return f"{number:,.1f}".removesuffix(".0") + f" {unit}"
