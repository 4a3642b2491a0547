"""Text, and what is neither picture nor text."""

import io
import zipfile

import pytest

from nbagent.attachments import ANY_FILE, FOR_MODELS, Limits, read_attachment, refuse_early
from nbagent.exceptions import AttachmentError
from tests.attachments.picture_files import png
from tests.test_imports import modules_after

TEXT = "Grüße, 世界 😀\n\tEnde\n"


def archive() -> bytes:
    """A ZIP file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("a.txt", "a" * 100)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        b"\xff\xfe" + TEXT.encode("utf-16-le"),
        b"\xfe\xff" + TEXT.encode("utf-16-be"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode(),
    ],
)
def test_text(data: bytes) -> None:
    attachment = read_attachment("a.txt", data)
    assert attachment.kind == "text"
    assert attachment.text == TEXT
    assert attachment.data is data
    assert attachment.mime_type == "text/plain"
    assert attachment.notes == ()


def test_text_across_the_sample_that_is_looked_at_first() -> None:
    for length in range(4090, 4100):
        text = "a" * length + "😀" * 10
        assert read_attachment("a.txt", text.encode()).text == text


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("Grüße".encode("latin-1"), "not valid UTF-8 at byte 2"),
        (b"abc\x00def", "control character U[+]0000 at position 3"),
        ("plain".encode("utf-16-le"), "control character U[+]0000"),
        (b"\xff\xfea", "not valid UTF-16"),
        (b"\xff\xfe" + b"\x00\xd8a\x00", "not valid UTF-16"),
        (b"a" * 100_000 + b"\xff", "not valid UTF-8 at byte 100,000"),
        (b"a" * 5_000 + b"\xf0\x9f", "not valid UTF-8 at byte 5,000"),
        (b"abc\x01", "control character U[+]0001"),
    ],
)
def test_what_is_not_quite_text(data: bytes, reason: str) -> None:
    with pytest.raises(AttachmentError, match=reason) as caught:
        read_attachment("a.txt", data)
    assert "is neither a picture nor text" in str(caught.value)
    assert "save it as text in UTF-8" in str(caught.value)
    attachment = read_attachment("a.txt", data, ANY_FILE)
    assert attachment.kind == "file"
    assert attachment.text is None


def test_terminal_sequences_do_not_reach_a_model() -> None:
    attachment = read_attachment(
        "log", b"\x1b[31mred\x1b[0m \x1b]0;title\x07x\x1b]8;;u\x1b\\y\x08\x1b"
    )
    assert attachment.text == "red xy"
    assert attachment.notes == ("terminal control sequences removed",)


def test_hidden_characters_become_visible() -> None:
    text = "a\u202eb\U000e0041\u2066c"
    attachment = read_attachment("a.txt", text.encode())
    assert attachment.text == "a⟨U+202E⟩b⟨U+E0041⟩⟨U+2066⟩c"
    assert attachment.notes == ("3 hidden characters made visible, such as ⟨U+202E⟩",)


@pytest.mark.parametrize(
    "source",
    [
        "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        "<?xml version='1.0'?>\n<!DOCTYPE svg>\n<svg onload='alert(1)'/>",
        "\n <!-- a drawing -->\n<svg/>",
    ],
)
@pytest.mark.parametrize("name", ["a.svg", "a.png"])
def test_an_svg_is_text(source: str, name: str) -> None:
    attachment = read_attachment(name, source.encode())
    assert attachment.kind == "text"
    assert attachment.mime_type == "text/plain"
    assert attachment.notes == ("an SVG is not drawn: its source is used as text",)


def test_html_is_text_whatever_its_name() -> None:
    data = b"<!doctype html><script>alert(1)</script>"
    assert read_attachment("a.html", data).notes == ()
    attachment = read_attachment("a.png", data)
    assert attachment.mime_type == "text/plain"
    assert attachment.notes == ("is text although its name ends in .png",)


OTHERS = {
    "a PDF document": b"%PDF-1.4\nall letters",
    "an archive (ZIP)": archive(),
    "an archive (gzip)": b"\x1f\x8b\x08\x00" + bytes(20),
    "an archive (tar)": b"a.txt".ljust(257, b"\0") + b"ustar\x0000" + bytes(250),
    "a program": b"MZ\x90\x00\x03\x00",
    "a HEIC picture": b"\0\0\0\x18ftypheic\0\0\0\0",
    "an AVIF picture": b"\0\0\0\x18ftypavif\0\0\0\0",
    "a TIFF picture": b"II*\x00\x08\0\0\0",
    "a BMP picture": b"BM\x46\0\0\0",
    "a video": b"\0\0\0\x18ftypisom\0\0\0\0",
    "a sound file": b"ID3\x04\0\0",
    "empty": b"",
    "neither a picture nor text": b"\x80\x81\x82",
}


@pytest.mark.parametrize("description", OTHERS)
def test_anything_else_is_refused_with_a_reason_and_a_way_out(description: str) -> None:
    data = OTHERS[description]
    with pytest.raises(AttachmentError) as caught:
        read_attachment("../x.png", data)
    reason, _, way_out = str(caught.value).partition(". ")
    assert reason.startswith(f"'x.png' is {description}")
    assert way_out.startswith(("Choose", "Save", "Unpack"))


@pytest.mark.parametrize("description", OTHERS)
def test_a_drop_zone_takes_anything(description: str) -> None:
    data = OTHERS[description]
    attachment = read_attachment("../x.png", data, ANY_FILE)
    assert attachment.kind == "file"
    assert attachment.name == "x.png"
    assert attachment.data is data
    assert attachment.image is None
    (note,) = attachment.notes
    assert note.startswith(f"is {description}")


def test_long_text() -> None:
    limits = Limits(text_bytes=1000)
    assert read_attachment("a.txt", b"a" * 1000, limits).kind == "text"
    with pytest.raises(AttachmentError, match=r"is text and has 1 kB; at most 1 kB are"):
        read_attachment("a.txt", b"a" * 1001, limits)
    any_file = Limits(text_bytes=1000, other_bytes=2000)
    assert read_attachment("a.txt", b"a" * 2000, any_file).kind == "file"
    with pytest.raises(AttachmentError, match="at most 2 kB are accepted"):
        read_attachment("a.txt", b"a" * 3000, any_file)


def test_refused_before_it_travels() -> None:
    assert refuse_early("a.png", 12_000_000, FOR_MODELS) is None
    assert refuse_early("a.zip", 100_000_000, ANY_FILE) is None
    assert refuse_early("a.zip", 0, ANY_FILE) is None
    empty = refuse_early("a.png", 0, FOR_MODELS)
    assert empty is not None
    assert "'a.png' is empty" in empty
    large = refuse_early("a.png", 100_000_000, FOR_MODELS)
    assert large == "'a.png' has 100 MB; at most 52.4 MB are accepted. Choose a smaller file."
    together = refuse_early("b.png", 40_000_000, FOR_MODELS, held=70_000_000)
    assert together is not None
    assert "110 MB together; at most 100 MB" in together


def test_pillow_loads_with_the_first_picture() -> None:
    text = "from nbagent.attachments import read_attachment; read_attachment('a', b'text')"
    picture = f"{text}; read_attachment('a', {png(1, 1)!r})"
    assert "PIL" not in modules_after(text)
    assert "PIL" in modules_after(picture)
