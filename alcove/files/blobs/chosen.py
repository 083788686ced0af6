"""Which store of blobs the settings choose. What speaks S3 is loaded only where a bucket is named."""

from __future__ import annotations

import configparser
from pathlib import Path
from typing import TYPE_CHECKING

from alcove.base.config import WrongSetting
from alcove.files.blobs.local import LocalBlobs
from alcove.files.blobs.memory import MemoryBlobs

if TYPE_CHECKING:
    from alcove.base.clock import Clock
    from alcove.base.config import Settings
    from alcove.files.blobs.model import Blobs

_KEYS = ("aws_access_key_id", "aws_secret_access_key")


def chosen_blobs(settings: Settings, clock: Clock | None = None) -> Blobs:
    """Where bytes of files live. Raises `WrongSetting`."""
    if settings.blobs == "memory":
        return MemoryBlobs(clock)
    return _bucket(settings) if settings.blobs == "s3" else LocalBlobs(settings.home)


def chosen_mirror(settings: Settings) -> Blobs | None:
    """The second place for them, if there is one. Raises `WrongSetting`."""
    if not settings.mirror:
        return None
    return _bucket(settings) if settings.mirror == "s3" else LocalBlobs(Path(settings.mirror))


def copies_in(folder: Path) -> Blobs:
    """The blobs in a folder that is a copy of a data folder."""
    return LocalBlobs(folder)


def _bucket(settings: Settings) -> Blobs:
    try:
        from alcove.files.blobs.s3 import Bucket, S3Blobs  # a library of its own, which not every server has
    except ImportError:
        raise WrongSetting("blobs in a bucket need a library more: pip install 'alcove[s3]'") from None
    key_id, secret = settings.s3_key_id, settings.s3_secret
    if settings.s3_credentials:
        key_id, secret = _credentials(Path(settings.s3_credentials))
    return S3Blobs(
        Bucket(
            settings.s3_bucket,
            settings.s3_region,
            key_id,
            secret,
            settings.s3_endpoint.rstrip("/"),
            settings.s3_prefix,
            by_path=settings.s3_style == "path",
        )
    )


def _credentials(path: Path) -> tuple[str, str]:
    """The access key in a file as AWS's own tools write it. No part of it is ever told."""
    parser = configparser.ConfigParser(default_section="default", interpolation=None)
    try:
        text = path.read_text("utf-8")
        parser.read_string(text if "[" in text else f"[default]\n{text}")
        key_id, secret = (parser.get("default", name) for name in _KEYS)
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        raise WrongSetting(
            f"s3_credentials: {path} has not both {' and '.join(_KEYS)} ({type(error).__name__})"
        ) from None
    return key_id, secret
