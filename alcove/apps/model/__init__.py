"""What an app is: its manifest, its routes, the variables of its pages, the names of its files."""

from alcove.apps.model.kind import WEBAPPS, Kind
from alcove.apps.model.manifest import (
    APPS,
    HOME,
    LIMIT,
    MANIFEST,
    OURS,
    STANDS_IN,
    AppRoute,
    Manifest,
    decode_manifest,
    manifest_of,
    read_manifest,
)
from alcove.apps.model.page import Template, app_policy, page_values
from alcove.apps.model.served import accepted_encodings, is_hashed, media_type
from alcove.apps.model.source import FOLDER, GIT, REGISTRY, WEB, Source, check_slug, read_source

__all__ = [
    "APPS",
    "FOLDER",
    "GIT",
    "HOME",
    "LIMIT",
    "MANIFEST",
    "OURS",
    "REGISTRY",
    "STANDS_IN",
    "WEB",
    "WEBAPPS",
    "AppRoute",
    "Kind",
    "Manifest",
    "Source",
    "Template",
    "accepted_encodings",
    "app_policy",
    "check_slug",
    "decode_manifest",
    "is_hashed",
    "manifest_of",
    "media_type",
    "page_values",
    "read_manifest",
    "read_source",
]
