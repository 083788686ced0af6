"""What kind of thing a file is: its media type from its name, and its class from the media type (contract-b 2.1).

The class is what people and apps sort by: image, audio, video, text, pdf, slide, spreadsheet, code, zip, binary,
shortcut, files (unknown bytes), else the part of the media type before the slash.
"""

from __future__ import annotations

import mimetypes

from alcove.files.model.names import extension

UNKNOWN = "application/octet-stream"
SHORTCUT = "application/internet-shortcut"
PICTURED = ("image", "pdf")
"""Classes that are shown by a picture."""

# The table of Python alone: the machine's /etc/mime.types would make the answer differ from one server to the next.
_TYPES = mimetypes.MimeTypes(filenames=()).types_map[1]

_MORE = {
    ".7z": "application/x-7z-compressed",
    ".apk": "application/vnd.android.package-archive",
    ".bz2": "application/x-bzip2",
    ".cozy-note": "text/vnd.cozy.note+markdown",
    ".deb": "application/vnd.debian.binary-package",
    ".dmg": "application/x-apple-diskimage",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".eml": "message/rfc822",
    ".epub": "application/epub+zip",
    ".exe": "application/x-msdownload",
    ".flac": "audio/flac",
    ".fit": "application/vnd.ant.fit",
    ".go": "text/x-go",
    ".gpx": "application/gpx+xml",
    ".gz": "application/gzip",
    ".heic": "image/heic",
    ".heif": "image/heif",
    ".ics": "text/calendar",
    ".iso": "application/x-iso9660-image",
    ".m4a": "audio/mp4",
    ".md": "text/markdown",
    ".mkv": "video/x-matroska",
    ".odp": "application/vnd.oasis.opendocument.presentation",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".ofx": "application/x-ofx",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".qif": "application/x-qif",
    ".rar": "application/vnd.rar",
    ".rb": "application/x-ruby",
    ".rtf": "application/rtf",
    ".toml": "application/toml",
    ".url": SHORTCUT,
    ".vcf": "text/vcard",
    ".webp": "image/webp",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".xz": "application/x-xz",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".zip": "application/zip",
}

_CLASSES = {
    "files": (UNKNOWN,),
    "binary": ("application/x-apple-diskimage", "application/x-msdownload", "application/x-iso9660-image"),
    "pdf": ("application/pdf",),
    "shortcut": (SHORTCUT,),
    "code": (
        "application/javascript",
        "application/js",
        "application/json",
        "application/toml",
        "application/x-ruby",
        "application/x-sh",
        "application/xml",
        "application/yaml",
        "text/css",
        "text/html",
        "text/javascript",
        "text/x-c",
        "text/x-go",
        "text/x-python",
        "text/xml",
    ),
    "slide": (
        _MORE[".odp"],
        _MORE[".pptx"],
        "application/vnd.ms-powerpoint",
    ),
    "spreadsheet": (
        _MORE[".ods"],
        _MORE[".xlsx"],
        "application/vnd.ms-excel",
    ),
    "text": (
        _MORE[".docx"],
        _MORE[".odt"],
        "application/msword",
        "application/rtf",
    ),
    "zip": (
        "application/gzip",
        "application/vnd.rar",
        "application/x-7z-compressed",
        "application/x-bzip2",
        "application/x-gzip",
        "application/x-rar-compressed",
        "application/x-tar",
        "application/x-xz",
        "application/zip",
    ),
}
_CLASS_OF = {mime: kind for kind, mimes in _CLASSES.items() for mime in mimes}


def type_of_name(name: str) -> str:
    """The media type that a name speaks of; unknown bytes when its extension says nothing.

    >>> type_of_name("archive.tar.GZ"), type_of_name(".hidden")
    ('application/gzip', 'application/octet-stream')
    """
    last = extension(name)[1].lower()
    return _MORE.get(last) or _TYPES.get(last) or UNKNOWN


def class_of(mime: str) -> str:
    """The class of a media type."""
    return _CLASS_OF.get(mime) or mime.partition("/")[0]


def kind_of(name: str, said: str = "") -> tuple[str, str]:
    """Media type and class of a file with this name, when its sender said this `Content-Type` (contract-b 2.3)."""
    mime = said.partition(";")[0].strip().lower()
    if name.lower().endswith(".url"):
        mime = SHORTCUT
    elif mime in ("", UNKNOWN) or "/" not in mime:
        mime = type_of_name(name)
    return mime, class_of(mime)
