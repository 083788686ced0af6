"""The words of notifications that the server itself writes, and around those of others, in French and English."""

from __future__ import annotations


def open_words(locale: str) -> str:
    """What leads to the app."""
    return "Ouvrir" if locale.startswith("fr") else "Open"


def quota_words(locale: str) -> tuple[str, str]:
    """Title and message for who has little space left."""
    if locale.startswith("fr"):
        return (
            "Votre espace est presque plein",
            "Neuf dixièmes de votre espace sont pris. Videz la corbeille, supprimez ce dont vous n’avez plus besoin, "
            "ou demandez-en plus à qui fait tourner le serveur.",
        )
    return (
        "Your space is nearly full",
        "Nine tenths of your space are taken. Empty the trash, remove what you do not need any more, or ask who runs "
        "the server for more.",
    )


def devices_words(locale: str) -> tuple[str, str]:
    """Title and message for who has connected more devices than the place may have."""
    if locale.startswith("fr"):
        return (
            "Trop d’appareils sont connectés",
            "Votre lieu ne peut pas en avoir autant. Déconnectez ceux dont vous ne vous servez plus : "
            "d’ici là, vos applications ne s’ouvrent plus. Vos données sont en sûreté.",
        )
    return (
        "Too many devices are connected",
        "Your place may not have as many. Disconnect those that you use no more: until then your apps do not open. "
        "Your data is safe.",
    )


def arrival_words(locale: str, guest: str, folder: str, name: str) -> tuple[str, str]:
    """Title and message for whose shared folder got something: who brought it, where it lies, what it is called."""
    guest, folder, name = guest[:60], _seen(folder)[:100], _seen(name)
    if locale.startswith("fr"):
        where = f"dans « {folder} »" if folder else "dans vos fichiers"
        return (
            f"{guest or 'Quelqu’un'} a déposé des fichiers {where}",
            f"Le premier : « {name} ». Ce qui arrive encore par ce lien d’ici une heure ne vous est pas annoncé.",
        )
    where = f"into “{folder}”" if folder else "into your files"
    return (
        f"{guest or 'Somebody'} put files {where}",
        f"The first one: “{name}”. What else comes by this link within an hour is not told.",
    )


def _seen(name: str) -> str:
    """A name without signs that are not seen and turn what stands around them."""
    return "".join(sign for sign in name if sign.isprintable())
