"""Secrets: none in the logs, sealed ones open only with the key and for the purpose."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import orjson
import pytest

from alcove.base.crypto import SealBroken, Sealer, write_private
from alcove.base.logs import JSONLines, TextLines, redact

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer s3cr3t-value",
        "GET /files?bearer_token=s3cr3t-value&x=1",
        '{"passphrase": "s3cr3t-value"}',
        "Cookie: s3cr3t-value",
        "sharecode=s3cr3t-value",
    ],
)
def test_what_looks_like_a_secret_is_not_logged(text: str) -> None:
    assert "s3cr3t-value" not in redact(text)


def test_a_token_alone_is_not_logged() -> None:
    token = "eyJhbGciOi.eyJzdWIiOiJ4.c2lnbmF0dXJl"
    assert token not in redact(f"read {token} twice")


@pytest.mark.parametrize("form", [JSONLines(), TextLines()])
def test_extra_fields_are_told_and_redacted(form: logging.Formatter) -> None:
    record = logging.makeLogRecord({"msg": "hello", "levelname": "INFO", "domain": "me.tld", "detail": "token=abc123"})
    line = form.format(record)
    assert "me.tld" in line
    assert "abc123" not in line
    if isinstance(form, JSONLines):
        assert orjson.loads(line)["message"] == "hello"


def test_sealed_bytes_open_for_their_purpose_only(tmp_path: Path) -> None:
    sealer = Sealer.from_file(tmp_path / "key")
    sealed = sealer.seal(b"clear", "passphrase")
    assert Sealer.from_file(tmp_path / "key").open(sealed, "passphrase") == b"clear"
    with pytest.raises(SealBroken):
        sealer.open(sealed, "account")
    with pytest.raises(SealBroken):
        Sealer(bytes(32)).open(sealed, "passphrase")


def test_private_files_are_for_their_owner(tmp_path: Path) -> None:
    write_private(tmp_path / "deep" / "file", b"x")
    assert (tmp_path / "deep" / "file").stat().st_mode & 0o777 == 0o600
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["file"]
