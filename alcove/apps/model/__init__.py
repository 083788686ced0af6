"""What an app is: its manifest, its routes, the variables of its pages, the names of its files."""

from alcove.apps.model.manifest import APPS, HOME, MANIFEST, STANDS_IN, AppRoute, Manifest, read_manifest
from alcove.apps.model.page import Template, app_policy, page_values
from alcove.apps.model.served import accepted_encodings, is_hashed, media_type

__all__ = [
    "APPS",
    "HOME",
    "MANIFEST",
    "STANDS_IN",
    "AppRoute",
    "Manifest",
    "Template",
    "accepted_encodings",
    "app_policy",
    "is_hashed",
    "media_type",
    "page_values",
    "read_manifest",
]
