"""What this room says of a file or a run, in French and English; what a connector says comes in its own words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.base.confined import REASONS, Cause

if TYPE_CHECKING:
    from alcove.base.confined import Ending

_WORDS = {
    "lost": (
        "The file was lost on its way: send it again.",
        "Le fichier s’est perdu en chemin : envoyez-le à nouveau.",
    ),
    "unsorted": ("The file could not be sorted: {reason}.", "Le fichier n’a pas pu être reconnu : {reason}."),
    "untaken": (
        "{name} could not take this file: {reason}.",
        "« {name} » n’a pas pu prendre ce fichier : {reason}.",
    ),
    "silent": ("it ended without a word about it", "il s’est arrêté sans en dire un mot"),
    "stopped": (
        "The server stopped again and again while it worked on this.",
        "Le serveur s’est arrêté plusieurs fois pendant ce travail.",
    ),
    "host": ("Host", "Serveur"),
    "hosts_kept": (
        "“{name}” has connected to these hosts. May it go on doing so, and to no others?",
        "« {name} » s’est connecté à ces serveurs. Peut-il continuer, et à aucun autre ?",
    ),
    "hosts_wanted": (
        "“{name}” wanted to connect to these hosts, and was held back. May it from now on?",
        "« {name} » voulait se connecter à ces serveurs et en a été empêché. Le peut-il désormais ?",
    ),
    "hosts_yes": ("Yes, to these", "Oui, à ceux-là"),
    "hosts_no": ("No", "Non"),
    "failed": (
        "The server failed ({error}); nothing that was stored is lost: gather again.",
        "Le serveur a échoué ({error}) ; rien de ce qui était rangé n’est perdu : recommencez.",
    ),
}
_ENDINGS = {
    Cause.EXIT: "il s’est arrêté avec le code {status}",
    Cause.DEADLINE: "il a pris plus de {wall:.0f} s et a été arrêté",
    Cause.QUIET: "il n’a plus donné signe de vie pendant {quiet:.0f} s et a été arrêté",
    Cause.MEMORY: "il lui fallait plus que les {memory} Mio de mémoire auxquels il a droit",
    Cause.CPU: "il a pris plus de {cpu} s de processeur et a été arrêté",
    Cause.OUTPUT: "il a écrit plus de {output} octets et a été arrêté",
    Cause.LINE: "il a écrit une ligne de plus de {line} octets et a été arrêté",
    Cause.SIGNAL: "il a été arrêté par le signal {signal}",
}
assert _ENDINGS.keys() == REASONS.keys()


def said(key: str, locale: str, **facts: str) -> str:
    """A sentence in the language of the instance."""
    english, french = _WORDS[key]
    return (french if locale.startswith("fr") else english).format(**facts)


def how_it_ended(ending: Ending, locale: str) -> str:
    """How a process ended, as a part of a sentence."""
    return _ENDINGS[ending.cause].format(**ending.facts) if locale.startswith("fr") else ending.reason
