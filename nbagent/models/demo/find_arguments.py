"""The signs by which a prompt shows what belongs to a parameter, one function each.

All take the parameter and the prompt, and give the value and its place, or None.
"""

import re
from datetime import date, timedelta

from nbagent.models.demo.find_values import (
    CLOCK_TIME,
    EMAIL,
    PATH,
    URL,
    UUID,
    Found,
    find_dates,
    find_expression,
    find_quotes,
)
from nbagent.models.demo.parameters import Parameter, part_of
from nbagent.models.demo.prompt_text import PromptText
from nbagent.models.demo.read_value import as_number, read_value
from nbagent.models.demo.words import STOP_WORDS, WORD, meaning, stem

_LANGUAGES = """Arabic Bengali Catalan Chinese Czech Danish Dutch English Finnish French German
    Greek Hebrew Hindi Hungarian Indonesian Italian Japanese Korean Latin Norwegian Persian Polish
    Portuguese Romanian Russian Spanish Swahili Swedish Thai Turkish Ukrainian Vietnamese Python
    JavaScript TypeScript Rust SQL Java"""
_NEGATION = r"\b(?:no|not|without|don't|do not|never|disable|non)\b[\w ]{0,12}$"
_OPPOSITES = {"on": "off", "enabled": "disabled", "enable": "disable", "open": "close"}
# What a sign beside a number says about it.
_SIGNS = (
    (r"\s?(?:%|percent)", {"percent", "percentag", "rate", "tip", "discount"}),
    (r"\s?(?:€|eur\b|usd\b|dollars?\b|euros?\b|pounds?\b)", {"amount", "price", "bill", "total"}),
)
_CURRENCY_BEFORE = re.compile(r"[$€£]\s?$")
_SOURCES = {"from", "source", "origin", "departure", "base", "start"}
_TARGETS = {"to", "target", "destination", "arrival", "end", "recipient"}
_WHERE = r"in|at|near|around|for|of|to|from"
_TIME_WORDS = r"(?:today|tomorrow|yesterday|tonight|now|next|this|on|and|with|please|like|right)\b"
_LEADING = re.compile(
    r"""(?:please|can\ you|could\ you|would\ you|will\ you|now|then|and|also|i\ want\ to
    |i'd\ like\ to|i\ would\ like\ to|i\ need\ to|let's|help\ me|tell\ me|show\ me|give\ me
    |what(?:'s|\ is|\ are)|who(?:'s|\ is)|how\ (?:many|much|do|does|to)
    |use\ (?:the\ )?[\w-]+(?:\ tool)?\ to|that|the|a|an|of|me|for|to)(?=\s)[\s,]*""",
    re.IGNORECASE | re.VERBOSE,
)
# "Format it as Markdown": the value is something said before.
_POINTS_BACK = re.compile(
    r"(?:it|this|that|them|these|those|(?:the )?results?)"
    r"(?:\s+(?:as|to|in|into|for|with|and|by)\b|$)",
    re.IGNORECASE,
)


def named(parameter: Parameter, source: PromptText) -> Found | None:
    """A value that the prompt gives by the parameter's name: "city = Paris"."""
    name = r"[ _-]?".join(map(re.escape, parameter.words))
    value = (
        r"\[[^\]\n]*\]|\"[^\"\n]*\"|'[^'\n]*'|[^\s,;][^,;\n]*?(?=[,;\n]|\.?\s*$|\.\s|\?|\s+and\s)"
    )
    if parameter.type == "array":
        value = r"[^.;\n]+"
    found = source.search(rf"\b{name}\s*[:=]\s*(?P<value>{value})", "value")
    if found is None and len(name) > 2:
        found = source.search(rf"\b{name}\s+(?P<value>\"[^\"\n]*\"|'[^'\n]*'|`[^`\n]*`)", "value")
    if found is None:
        return None
    read = read_value(parameter, found.value.strip("[]"))
    return None if read is None else Found(read, found.start, found.end)


def choice(parameter: Parameter, source: PromptText) -> Found | None:
    """One of the parameter's choices, as its word stands in the prompt."""
    for choice in sorted(parameter.choices, key=lambda each: -len(str(each))):
        words = [re.escape(word) for word in re.split(r"[\s_-]+", str(choice)) if word]
        if not words or (len(words) == 1 and str(choice).lower() in STOP_WORDS):
            continue
        found = source.search(rf"(?<!\w){'[ _-]?'.join(words)}(?!\w)")
        if found is not None:
            return Found(choice, found.start, found.end)
    for choice in parameter.choices:
        for match in WORD.finditer(source.text):
            found = Found(choice, *match.span())
            same = stem(match.group()) == stem(str(choice)) and len(match.group()) > 2
            if same and source.is_free(found):
                return found
    return None


def flag(parameter: Parameter, source: PromptText) -> Found | None:
    """True where the prompt has the parameter's name, False where it denies it."""
    if parameter.type != "boolean":
        return None
    for word in parameter.words:
        opposite = _OPPOSITES.get(word)
        if opposite and (found := source.search(rf"\b{opposite}\b")):
            return Found(False, found.start, found.end)
        if word in STOP_WORDS and word not in _OPPOSITES:
            continue
        for match in WORD.finditer(source.text):
            found = Found(None, *match.span())
            if stem(match.group()) == stem(word) and source.is_free(found):
                before, after = source.before(match.start()), source.text[match.end() :]
                denied = re.search(_NEGATION, before, re.IGNORECASE) or re.match(
                    r"\s*(?:is|=|:)?\s*(?:false|no|off)\b", after, re.IGNORECASE
                )
                return Found(not denied, found.start, found.end)
    return None


def formatted(parameter: Parameter, source: PromptText) -> Found | None:
    """A text whose form shows what it is: a date, an address, a language."""
    if parameter.type != "string" or parameter.choices:
        return None
    kind = parameter.kind
    if parameter.schema.get("format") == "uuid":
        return source.search(UUID.pattern)
    if kind == "date":
        return _date(parameter, source)
    patterns = {"email": EMAIL, "url": URL, "path": PATH, "time": CLOCK_TIME}
    if kind in patterns:
        return source.search(patterns[kind].pattern)
    if kind == "person" and set(parameter.words) & _TARGETS:
        return source.search(EMAIL.pattern)
    if kind == "symbol":
        for match in re.finditer(r"\b[A-Z]{2,5}\b", source.text):
            found = Found(match.group(), *match.span())
            if source.is_free(found):
                return found
    if kind == "expression":
        found = find_expression(source.text)
        return found if found and source.is_free(found) else None
    if kind == "language":
        names = "|".join(_LANGUAGES.split())
        found = source.search(rf"\b(?:to|into|in)\s+(?P<name>{names})\b", "name")
        return found or source.search(rf"\b(?:{names})\b")
    if kind == "currency":
        before = r"(?:to|into|in)\s+" if set(parameter.words) & _TARGETS else ""
        for match in re.finditer(rf"\b{before}(?P<code>[A-Z]{{3}})\b", source.text):
            found = Found(match.group("code"), match.start("code"), match.end("code"))
            if source.is_free(found):
                return found
    return None


def _date(parameter: Parameter, source: PromptText) -> Found | None:
    found = source.first_free(find_dates(source.text))
    wants_moment = parameter.schema.get("format") == "date-time"
    if found is not None:
        return Found(found.value + "T00:00:00" * wants_moment, found.start, found.end)
    word = source.search(r"\b(?:today|tomorrow|yesterday)\b")
    if word is None or "format" not in parameter.schema:
        names = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
        return word or source.search(rf"\b(?:(?:next|this) )?(?:{names}|week|weekend|month)\b")
    days = {"yesterday": -1, "today": 0, "tomorrow": 1}[word.value.lower()]
    day = (date.today() + timedelta(days=days)).isoformat()
    return Found(day + "T00:00:00" * wants_moment, word.start, word.end)


def number_beside(parameter: Parameter, source: PromptText) -> Found | None:
    """A number with the parameter's name, or a sign that says as much, beside it."""
    if parameter.type not in ("integer", "number") or parameter.choices:
        return None
    names = {meaning(word) for word in parameter.words if len(word) > 1}
    for number in source.numbers:
        value = as_number(parameter, number.value)
        if value is None or not source.is_free(number):
            continue
        after = re.match(r"[\s-]*([^\W\d]+)", source.text[number.end :])
        before = re.search(r"([^\W\d]+)\s*(?:of|is|=|:|to|at)?\s*$", source.before(number.start))
        beside = {meaning(match.group(1)) for match in (after, before) if match}
        for sign, meant in _SIGNS:
            if re.match(sign, source.text[number.end :], re.IGNORECASE):
                beside |= meant
        if _CURRENCY_BEFORE.search(source.before(number.start)):
            beside |= _SIGNS[1][1]
        if beside & names:
            return Found(value, number.start, number.end)
    return None


def next_number(parameter: Parameter, source: PromptText) -> Found | None:
    """The next number that has not been used."""
    for number in source.numbers:
        value = as_number(parameter, number.value)
        if value is not None and source.is_free(number):
            return Found(value, number.start, number.end)
    return None


def list_of_values(parameter: Parameter, source: PromptText) -> Found | None:
    """A list of numbers, of choices, or of words."""
    if parameter.type != "array":
        return None
    item = part_of(parameter, parameter.schema.get("items", {}))
    found: list[Found] = []
    if item.type in ("integer", "number"):
        found = [
            Found(as_number(item, number.value), number.start, number.end)
            for number in source.numbers
            if source.is_free(number) and as_number(item, number.value) is not None
        ]
    elif item.choices:
        while (chosen := choice(item, source)) and len(found) < 100:
            source.use(chosen)
            found.append(chosen)
    elif item.type == "string":
        found = [quote for quote in source.quotes if source.is_free(quote)]
        if not found:
            return _list_of_words(source)
    if not found:
        return None
    found.sort(key=lambda each: each.start)
    return Found([each.value for each in found], found[0].start, found[-1].end)


def _list_of_words(source: PromptText) -> Found | None:
    """Words set off by a colon, or by commas and "and"."""
    words = r"(?P<words>[^\s,.:;?!]+(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+)[^\s,.:;?!]+)+)"
    found = source.search(rf":\s*{words}", "words") or source.search(words, "words")
    if found is None:
        return None
    parts = [part for part in re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+", found.value) if part]
    return Found(parts, found.start, found.end)


def quoted(parameter: Parameter, source: PromptText) -> Found | None:
    """The next quoted text that has not been used."""
    if parameter.type != "string" or parameter.choices:
        return None
    return source.first_free(source.quotes)


def phrase(parameter: Parameter, source: PromptText) -> Found | None:
    """A text that stands where this kind of text usually stands."""
    if parameter.type != "string" or parameter.choices:
        return None
    kind = parameter.kind
    if kind == "place":
        return _place(parameter, source)
    if kind == "person":
        if set(parameter.words) & (_TARGETS | _SOURCES):
            where = "to|for" if set(parameter.words) & _TARGETS else "from|by"
        else:
            where = "named|called|name is|to|for|with|by|from|of"
        return _after(where, source, parameter)
    if kind == "topic":
        return _topic(parameter, source)
    if kind == "text" and parameter.required:
        found = source.search(
            r"(?:\b(?:saying|that says|says|reading)\s+|:\s*)(?P<rest>\S)", "rest"
        )
        if found is None and "word" in parameter.words:
            found = source.search(r"\b(?:in|of) (?:the )?(?:word )?(?P<rest>[^\W\d]{3,})", "rest")
        return source.rest_from(found.start) if found else None
    if kind is None:
        # "a blue theme" or "theme blue": unknown sorts of text count only beside their name.
        name = r"[ _-]?".join(map(re.escape, parameter.words))
        if len(name) > 2 and parameter.required:
            return source.search(rf"\b{name}\s+(?:is\s+|of\s+)?(?P<value>[\w-]+)", "value")
    return None


def _place(parameter: Parameter, source: PromptText) -> Found | None:
    words = set(parameter.words)
    if words & _SOURCES:
        where = "from|of"
    elif words & _TARGETS:
        where = "to|into"
    else:
        where = _WHERE
    found = _after(where, source, parameter)
    if found is not None:
        place = re.sub(r"\s+\d+$", "", found.value)  # a house or post code follows
        return Found(place, found.start, found.start + len(place))
    lower = source.search(
        rf"\b(?:{where})\s+(?!{_TIME_WORDS}|the (?:morning|evening)|a\b|me\b|it\b|my\b|degrees)"
        rf"(?P<place>(?:the )?[^\W\d]{{2,}}(?: (?!{_TIME_WORDS}|{_WHERE}\b)[^\W\d]+){{0,2}})",
        "place",
    )
    if lower is not None:
        return lower
    either_way = not words & (_SOURCES | _TARGETS)
    return source.first_free(source.names) if parameter.required and either_way else None


def _after(words: str, source: PromptText, parameter: Parameter) -> Found | None:
    """A name that follows one of `words`; for a required parameter any name."""
    for name in source.names:
        before = source.before(name.start)
        if source.is_free(name) and re.search(
            rf"\b(?:{words})\s+(?:the\s+)?$", before, re.IGNORECASE
        ):
            return name
    if parameter.required and parameter.kind == "person":
        return source.first_free(source.names)
    return None


def _topic(parameter: Parameter, source: PromptText) -> Found | None:
    verbs = r"about|regarding|concerning|search(?: for| the web for)?|look(?:ing)? up|find(?: out)?"
    questions = r"what (?:is|are|was|were|does)|what's|who (?:is|was|are)|who's|explain|define"
    for pattern in (
        rf"\b(?:{verbs}|{questions})\s+(?P<rest>\S)",
        r"\b(?:on|for|of)\s+(?P<rest>\S)",
    ):
        if not parameter.required and "about" not in pattern:
            continue
        found = source.search(pattern, "rest")
        if found is None:
            continue
        rest = source.rest_from(found.start)
        if rest is None:
            continue
        # Of several leads the last one is nearest to the topic: "find out about X".
        inner = re.match(
            r"(?:.*\b(?:about|regarding|concerning|information on|for)\s+)?"
            r"(?:the |an? )?(?P<it>.+)",
            rest.value,
            re.IGNORECASE,
        )
        if inner:
            start = rest.start + inner.start("it")
            return Found(inner.group("it"), start, start + len(inner.group("it")))
    return source.first_free(source.names) if parameter.required else None


def remainder(
    parameter: Parameter, source: PromptText, tool_words: set[str] | None
) -> Found | None:
    """What is left of the prompt without the words that only ask for the tool."""
    if parameter.kind not in ("text", "topic", "expression", None):
        return None
    start = 0
    while start < len(source.text):
        start = source.after_used(start)
        lead = _LEADING.match(source.text, start)
        if lead and lead.end() > start:
            start = lead.end()
            continue
        word = WORD.match(source.text, start)
        if word and meaning(word.group()) in (tool_words or set()) | parameter.meanings:
            start = word.end()
        elif source.text[start : start + 1].isspace():
            start += 1
        else:
            break
    found = source.rest_from(start)
    if found is None or find_quotes(found.value) or _POINTS_BACK.match(found.value):
        return None
    return found if source.is_free(found) and not _is_empty(found.value) else None


def _is_empty(text: str) -> bool:
    """Whether a text has no word that says anything."""
    return not any(word.lower() not in STOP_WORDS for word in WORD.findall(text))
