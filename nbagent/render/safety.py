"""The one place where HTML is cleaned.

Whatever is shown of a model's text goes through `clean()` last, so that nothing in it runs,
loads, hides, or calls Jupyter's own commands (CVE-2026-42557), no matter what came before.
"""

import re
from functools import cache
from html import escape

import nh3

from nbagent.render.plain_text import visible

_TAGS = {
    "a", "blockquote", "br", "code", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "img",
    "li", "ol", "p", "pre", "s", "span", "strong", "table", "tbody", "td", "th", "thead", "tr",
    "ul",
}  # fmt: skip
_MATHML_TAGS = {
    "math", "menclose", "merror", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover", "mpadded",
    "mphantom", "mprescripts", "mroot", "mrow", "ms", "mspace", "msqrt", "mstyle", "msub",
    "msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder", "munderover", "semantics",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
    "td": {"style"},
    "th": {"style"},
    **{tag: {"class"} for tag in ("code", "div", "li", "p", "span")},
}
_MATHML_ATTRIBUTES = {
    "math": {"display", "displaystyle"},
    "menclose": {"notation"},
    "mfrac": {"linethickness", "displaystyle", "scriptlevel"},
    "mi": {"mathvariant"},
    "mo": {
        "fence", "form", "largeop", "lspace", "maxsize", "minsize", "movablelimits", "rspace",
        "separator", "stretchy", "symmetric",
    },
    "mover": {"accent"},
    "mpadded": {"depth", "height", "lspace", "voffset", "width"},
    "mrow": {"displaystyle", "scriptlevel"},
    "mspace": {"depth", "height", "width"},
    "mstyle": {"displaystyle", "scriptlevel"},
    "mtable": {"class", "displaystyle", "scriptlevel"},
    "mtd": {"class", "columnspan", "rowspan"},
    "munder": {"accentunder"},
    "munderover": {"accent", "accentunder"},
}  # fmt: skip
_OWN_CLASS = re.compile(r"nbagent-[a-z0-9-]+|language-[\w+#.;-]{1,40}")
_TEXT_ALIGN = re.compile(r"text-align:\s*(?:left|right|center);?")
_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*", re.IGNORECASE)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_WITHIN_SCHEME = re.compile(r"[\x00-\x20]+")
_LINK_SCHEMES = ("http", "https", "mailto")

FORMULA_CLASS = "mathjax_process"
"""Marks, in the static form, what Jupyter may typeset."""


def clean(html: str, *, formulas: bool) -> str:
    """Keep of `html` what is harmless.

    Elements, attributes and classes outside a short list go; the text inside them stays. Links
    lead to http, https or mailto, or relative to the page; pictures are PNG, JPEG, GIF or WebP
    carried in the text itself. Characters that hide or reorder text are shown by their number.

    Args:
        html: Any HTML fragment, closed or not.
        formulas: Whether MathML may stay, as the live form needs it. Otherwise the class that
            lets Jupyter typeset a formula's source may stay.

    Returns:
        Well-formed HTML.
    """
    # Shown here, as `visible()` would take an escape sequence out, with the tags inside it.
    return visible(_cleaner(formulas).clean(html).replace("\x1b", "␛"))


def escape_text(text: str) -> str:
    """`text` as HTML that shows just that text, with hidden characters made visible."""
    return escape(visible(text.replace("\x1b", "␛")), quote=False)


def is_picture(source: str) -> bool:
    """Whether an image with this source is shown rather than linked to."""
    return _PICTURE.fullmatch(source) is not None


def is_link(target: str) -> bool:
    """Whether a link may lead to `target`: by http, https or mailto, or relative to the page.

    Browsers drop blanks and control characters inside a scheme, so they are dropped here first.
    """
    scheme, colon, _ = _WITHIN_SCHEME.sub("", target).partition(":")
    is_relative = not colon or not _SCHEME.fullmatch(scheme)
    return is_relative or scheme.lower() in _LINK_SCHEMES


@cache
def _cleaner(formulas: bool) -> nh3.Cleaner:
    def kept(tag: str, attribute: str, value: str) -> str | None:
        if attribute == "class":
            return _own_classes(value, formulas) or None
        if attribute == "style":
            return value if _TEXT_ALIGN.fullmatch(value.strip()) else None
        if attribute == "src":
            return value if is_picture(value) else None
        if attribute == "href":
            return value if is_link(value) else None
        return value

    return nh3.Cleaner(
        tags=_TAGS | _MATHML_TAGS if formulas else _TAGS,
        attributes=_ATTRIBUTES | _MATHML_ATTRIBUTES if formulas else _ATTRIBUTES,
        attribute_filter=kept,
        filter_style_properties={"text-align"},
        url_schemes={*_LINK_SCHEMES, "data"},  # `data` for pictures only, see `kept`
        set_tag_attribute_values={"a": {"target": "_blank"}},
        link_rel="noopener noreferrer",
    )


def _own_classes(value: str, formulas: bool) -> str:
    return " ".join(
        name
        for name in value.split()
        if _OWN_CLASS.fullmatch(name) or (name == FORMULA_CLASS and not formulas)
    )
