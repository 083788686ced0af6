"""How a letter looks as a mail: as text, and as plain HTML without pictures, scripts or anything from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import nh3

from alcove.base.pages import Pages
from alcove.outbox.texts import texts

if TYPE_CHECKING:
    from alcove.base.http import Tenant
    from alcove.outbox.model import Letter

TAGS = set("a b br code em h1 h2 h3 h4 hr i li ol p pre small strong table tbody td th thead tr u ul".split())
"""Marks that a mail may have: none of them fetches anything."""
PAGES = Pages(Path(__file__).parent / "pages")

_GAPS = re.compile(r"\n{3,}")


def as_text(tenant: Tenant, letter: Letter) -> str:
    """The letter for who reads mail as text."""
    words = texts(tenant.locale)
    parts = [words["hello"], *letter.lines]
    if letter.button is not None:
        parts.append(f"{letter.button.label}{words['colon']}\n{letter.button.url}")
    if letter.code:
        parts.append(f"    {letter.code}")
    parts += [*letter.after, f"-- \n{words['from'].format(domain=tenant.domain)}"]
    return _GAPS.sub("\n\n", "\n\n".join(parts)) + "\n"


def as_html(tenant: Tenant, letter: Letter) -> str:
    """The same letter in HTML."""
    words = texts(tenant.locale)
    markup = clean(letter.markup)
    return PAGES.render(
        "letter.html", letter=letter, markup=markup, t=words, locale=tenant.locale, domain=tenant.domain
    )


def clean(markup: str) -> str:
    """HTML without pictures, scripts, styles or forms: opening a mail tells nobody anything.

    >>> clean('<p onclick="x()">Hi <img src="https://spy.example/1.gif"><b>you</b></p>')
    '<p>Hi <b>you</b></p>'
    """
    return nh3.clean(markup, tags=TAGS, attributes={"a": {"href"}}, url_schemes={"https", "http", "mailto"})
