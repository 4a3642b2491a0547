"""Test data that lies beside the repository, where it does, and our own that always does."""

import json
from pathlib import Path
from typing import TypedDict

SHARED = Path(__file__).parents[3] / "shared" / "corpora"

HOSTILE = [
    "<script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 1'>",
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<iframe srcdoc='<script>parent.hacked=1</script>'></iframe>",
    "<math><mtext><table><mglyph><style><!--</style><img src onerror=alert(1)>",
    "<form action=http://evil.example><button>Send</button></form>",
    "<button data-commandlinker-command='notebook:run-all'>Run</button>",
    "<a data-commandlinker-command=x data-commandlinker-args='{}'>y</a>",
    "<div id=x name=y class='jp-Cell foreign' style='position:fixed'>z</div>",
    "<style>@import url(http://evil.example/a.css)</style>",
    "<link rel=stylesheet href=http://evil.example/a.css>",
    "<meta http-equiv=refresh content='0;url=http://evil.example'>",
    "<base href=http://evil.example><a href=x>y</a>",
    "<object data=http://evil.example></object><embed src=http://evil.example>",
    "<video src=http://evil.example autoplay><audio src=http://evil.example autoplay>",
    "<table background=http://evil.example><tr><td background=http://evil.example>x",
    "<input autofocus onfocus=alert(1)><details open ontoggle=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><script>alert(1)</script></template>",
    "![x](http://evil.example/pixel.png)",
    "![x](//evil.example/pixel.png 'title')",
    "![x][pixel]\n\n[pixel]: http://evil.example/pixel.png",
    "[![inner](http://evil.example/a.png)](http://evil.example/b)",
    "![x](/api/contents?token=1)",
    "![x](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+)",
    "![x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#x0A;script:alert(1))",
    "[x](<java\tscript:alert(1)>)",
    "[x](&#106;avascript:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](\u00a0javascript:alert(1))",
    "[x](vbscript:msgbox(1)) [y](file:///etc/passwd) [z](blob:http://a/b)",
    "[x](data:text/html,<script>alert(1)</script>)",
    "<javascript:alert(1)> <data:text/html,x> <file:///etc/passwd>",
    "[x](http://a.example/\" onmouseover=\"alert(1))",
    "[x](http://a.example 'a\" onclick=\"alert(1)')",
    "![a\" onerror=\"alert(1)](data:image/png;base64,iVBORw0KGgo=)",
    "[x]: javascript:alert(1)\n\n[x]",
    "```\"><script>alert(1)</script>\ncode\n```",
    "```jp-Cell foreign\" onclick=alert(1)\ncode\n```",
    "```html\n<script>alert(1)</script>\n```",
    "    <script>alert(1)</script>",
    "| <script>alert(1)</script> | `<img src=x onerror=alert(1)>` |\n|:--|--:|\n| a | b |",
    "- [ ] <input type=checkbox onclick=alert(1)>\n- [x] done",
    "$\\text{<script>alert(1)</script>}$",
    "$\\href{javascript:alert(1)}{x}$ $\\url{javascript:alert(1)}$",
    "$$\\require{html}\\style{background:url(http://evil.example)}{x}$$",
    "$$\\class{jp-Cell}{x} \\cssId{x}{y} \\unicode{x3c}$$",
    "\\(\\includegraphics{http://evil.example/a.png}\\)",
    "\\begin{align}<img src=x onerror=alert(1)>\\end{align}",
    "$\\color{red\" onclick=\"alert(1)}x$",
    "<!-- --><script>alert(1)</script>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php echo 1 ?><script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "\ud800 half a pair, \x00 and \x1b]8;;javascript:alert(1)\x07link\x1b]8;;\x07",
    "[x](http://exa\u202emple.com) \u202egnp.exe \U000e0041\U000e0042",
]  # fmt: skip
"""Markdown that tries to run, load, click, style or hide something."""


class Example(TypedDict):
    """An example of the CommonMark specification."""

    example: int
    markdown: str
    html: str


def commonmark_examples() -> list[Example]:
    """The examples of CommonMark 0.31.2; none where the file is not there."""
    path = SHARED / "commonmark" / "commonmark-0.31.2.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else []


def naughty_strings() -> list[str]:
    """The Big List of Naughty Strings and the SVG payloads; none where they are not there."""
    strings: list[str] = []
    path = SHARED / "blns" / "blns.json"
    if path.exists():
        strings += json.loads(path.read_text("utf-8"))
    for payload in sorted((SHARED / "payloads" / "svg").glob("*.svg")):
        strings.append(payload.read_text("utf-8", "replace"))
    return strings
