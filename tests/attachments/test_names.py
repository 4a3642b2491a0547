"""Names of files: one harmless component, whatever they were."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbagent.attachments import safe_name


@pytest.mark.parametrize(
    "name",
    [
        "photo.png",
        "Urlaub 2024, Südsee (3).jpeg",
        "файл.txt",
        "写真.webp",
        "ملف.txt",
        "😀.gif",
        "½ cup.md",
        "file.tar.gz",
        "Makefile",
        "50% off [final] {v2} #1 & more = $9.txt",
        "console.log",
        "nullable.py",
        "a" * 251 + ".png",
    ],
)
def test_a_harmless_name_stays(name: str) -> None:
    assert safe_name(name) == name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\win.ini", "win.ini"),
        ("/etc/passwd", "passwd"),
        ("//server/share/x.png", "x.png"),
        ("\\\\?\\C:\\x.png", "x.png"),
        ("C:\\Users\\me\\x.png", "x.png"),
        ("C:x.png", "x.png"),
        ("file:///etc/passwd", "passwd"),
        ("x.png/", "x.png"),
        ("x.png/..", "x.png"),
        ("a/./", "a"),
        ("x.png::$DATA", "x.png__$DATA"),
        ("x.txt:hidden", "x.txt_hidden"),
        ('<b>"x|y?*".png', "_b__x_y___.png"),
        (".htaccess", "htaccess"),
        ("...png", "png"),
        ("-rf", "rf"),
        ("--help.txt", "help.txt"),
        ("~root", "root"),
        ("- .- x.png", "x.png"),
        ("x.png. . .", "x.png"),
        ("  x \t\n y.png  ", "x y.png"),
        ("x\u00a0y\u3000z.png", "x y z.png"),
        ("a\x00.png\x1b[2J", "a.png[2J"),
        ("a\u202egnp.exe", "agnp.exe"),
        ("a\u2066b\u2069\u200b\u200d\ufeff\u00ad.png", "ab.png"),
        ("a\U000e0041\U000e0042\ufe0f\u3164\u034f.png", "a.png"),
        ("a\ud800\udfff.png", "a.png"),
        ("u\u0308.png", "ü.png"),
        ("a\uff0f\u2215\u2044b.png", "a___b.png"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("Aux.tar.gz", "_Aux.tar.gz"),
        ("com1", "_com1"),
        ("LPT¹.png", "_LPT¹.png"),
        ("prn .txt", "_prn .txt"),
        ("conin$", "_conin$"),
        ("a/nul", "_nul"),
        ("", "file"),
        (".", "file"),
        ("..", "file"),
        ("/", "file"),
        ("   ", "file"),
        ("\u200b", "file"),
        ("C:\\", "file"),
    ],
)
def test_what_is_harmful_goes(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@pytest.mark.parametrize("letter", ["a", "ü", "写", "😀"])
@pytest.mark.parametrize("ending", ["", ".jpeg", ".写真"])
def test_a_long_name_keeps_its_extension(letter: str, ending: str) -> None:
    safe = safe_name(letter * 300 + ending)
    assert 255 - 4 < len(safe.encode()) <= 255
    assert safe.endswith(letter + ending)


def test_what_is_too_long_for_an_extension_is_none() -> None:
    assert safe_name("x." + "e" * 300) == "x." + "e" * 253


def test_a_flood_is_cut() -> None:
    assert safe_name("/" * 10_000_000 + "x.png") == "x.png"


@given(st.text(st.sampled_from("ab.-~ /\\:*\x00\u202e\u0308nulcoé😀\ud800")) | st.text())
def test_every_name_is_safe_and_stays_so(name: str) -> None:
    safe = safe_name(name)
    assert safe_name(safe) == safe
    assert 0 < len(safe.encode()) <= 255
    assert not set(safe) & set('/\\<>:"|?*')
    assert safe[0] not in ".-~ "
    assert safe[-1] not in ". "
    assert unicodedata.is_normalized("NFC", safe)
    assert all(unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in safe)
