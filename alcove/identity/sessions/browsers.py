"""What a browser calls itself, in words that a person knows: for the list of who is logged in."""

from __future__ import annotations

import re

AGENT_LENGTH = 300
"""Characters of a user agent that are kept."""

# The order decides: Edge says that it is Chrome too, and Chrome that it is Safari.
_BROWSERS = (
    (re.compile(r"\bEdgi?[AO]?S?/"), "Edge"),
    (re.compile(r"\bOPR/|\bOpera"), "Opera"),
    (re.compile(r"\bVivaldi/"), "Vivaldi"),
    (re.compile(r"\bSamsungBrowser/"), "Samsung Internet"),
    (re.compile(r"\bFirefox/|\bFxiOS/"), "Firefox"),
    (re.compile(r"\b(?:Headless)?Chrom(?:e|ium)/|\bCriOS/"), "Chrome"),
    (re.compile(r"\bSafari/"), "Safari"),
)
_SYSTEMS = (
    (re.compile(r"\biPhone\b"), "iPhone"),
    (re.compile(r"\biPad\b"), "iPad"),
    (re.compile(r"\bAndroid\b"), "Android"),
    (re.compile(r"\bWindows\b"), "Windows"),
    (re.compile(r"\bMacintosh\b|\bMac OS X\b"), "macOS"),
    (re.compile(r"\bCrOS\b"), "ChromeOS"),
    (re.compile(r"\bLinux\b|\bX11\b"), "Linux"),
)


def browser_of(agent: str) -> tuple[str, str]:
    """The names of the browser and of its system; empty where the user agent does not tell.

    >>> browser_of("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    ('Firefox', 'Linux')
    """
    kept = agent[:AGENT_LENGTH]
    browser = next((name for pattern, name in _BROWSERS if pattern.search(kept)), "")
    return browser, next((name for pattern, name in _SYSTEMS if pattern.search(kept)), "")
