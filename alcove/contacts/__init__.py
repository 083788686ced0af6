"""People: who lives here, as a contact and as a picture."""

from alcove.contacts.service import AVATARS, Avatars

__all__ = ["AVATARS", "Avatars"]
