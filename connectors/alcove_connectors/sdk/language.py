"""What a connector says in the person's language: its sentences are written in English, and looked up on their way out.

A connector gives its translations once, `translate("fr", {"The PDF has no page.": "Le PDF n’a aucune page."})`. `{}` in
a sentence stands for anything; what stood there is looked up itself, and goes into the places `{}` of the translation.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_plain: dict[str, dict[str, str]] = {}
_patterns: dict[str, list[tuple[str, str]]] = {}

SPOKEN = ("reason", "message")
"""Members of a line to the server that a person reads."""
DEPTH = 4
"""Sentences within sentences that are looked up."""


def translate(language: str, sentences: Mapping[str, str]) -> None:
    """Gives translations; the longest of several that fit a sentence wins."""
    for sentence, translation in sentences.items():
        if "{}" in sentence:
            _patterns.setdefault(language, []).append((sentence, translation))
        else:
            _plain.setdefault(language, {})[sentence] = translation
    _patterns.get(language, []).sort(key=lambda pair: -len(pair[0]))


@lru_cache(maxsize=512)
def _pattern(sentence: str) -> re.Pattern[str]:
    return re.compile("(.+?)".join(re.escape(part) for part in sentence.split("{}")), re.DOTALL)


def in_words(text: str, language: str, depth: int = DEPTH) -> str:
    """The text in that language; as it is where nobody translated it."""
    plain = _plain.get(language, {})
    known = plain.get(text)
    if known is not None or depth == 0 or not text:
        return known or text
    parts = text.split(", ")
    if len(parts) > 1 and all(part in plain for part in parts):
        return ", ".join(plain[part] for part in parts)
    for sentence, translation in _patterns.get(language, ()):
        found = _pattern(sentence).fullmatch(text)
        if found:
            return translation.format(*(in_words(part, language, depth - 1) for part in found.groups()))
    return text


def spoken(line: Mapping[str, Any]) -> Mapping[str, Any]:
    """A line to the server with what a person reads in the language of the environment (`COZY_LOCALE`)."""
    language = os.environ.get("COZY_LOCALE", "en")
    if language not in _plain and language not in _patterns:
        return line
    said = {name: in_words(line[name], language) for name in SPOKEN if isinstance(line.get(name), str)}
    return {**line, **said}
