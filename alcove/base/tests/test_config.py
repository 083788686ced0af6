"""Settings: defaults that run, and wrong ones that name themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alcove.base.config import WrongSetting, read_settings

if TYPE_CHECKING:
    from pathlib import Path


def test_defaults_listen_on_this_machine_only(tmp_path: Path) -> None:
    settings = read_settings({"ALCOVE_HOME": str(tmp_path)})
    assert (settings.host, settings.port, settings.admin_port) == ("127.0.0.1", 8080, 6060)
    assert settings.home == tmp_path


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "alcove.toml").write_text('port = 9000\nlocale = "fr"\n')
    settings = read_settings({"ALCOVE_HOME": str(tmp_path), "ALCOVE_PORT": "9001"})
    assert (settings.port, settings.locale) == (9001, "fr")


def test_contexts_are_tables_of_the_file_or_json(tmp_path: Path) -> None:
    (tmp_path / "alcove.toml").write_text('[contexts.beta]\nhelp_link = "x"\nfeatures = ["a", {b = 1}]\n')
    settings = read_settings({"ALCOVE_HOME": str(tmp_path)})
    assert settings.contexts == {"beta": {"help_link": "x", "features": ["a", {"b": 1}]}}
    again = read_settings({"ALCOVE_HOME": str(tmp_path), "ALCOVE_CONTEXTS": '{"default": {}}'})
    assert again.contexts == {"default": {}}


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"ALCOVE_PORT": "eighty"}, ["ALCOVE_PORT", "eighty", "1 to 65535"]),
        ({"ALCOVE_PORT": "70000"}, ["ALCOVE_PORT", "70000"]),
        ({"ALCOVE_PORT": "8²"}, ["ALCOVE_PORT", "1 to 65535"]),
        ({"ALCOVE_SUBDOMAINS": "deep"}, ["ALCOVE_SUBDOMAINS", "nested", "flat"]),
        ({"ALCOVE_PROXIES": "10.0.0.0/8, everybody"}, ["ALCOVE_PROXIES", "everybody", "127.0.0.1"]),
        ({"ALCOVE_PROXIES": "*"}, ["ALCOVE_PROXIES", "'*'"]),
        ({"ALCOVE_VITE": "http://elsewhere.example:5173"}, ["ALCOVE_VITE", "elsewhere", "127.0.0.1"]),
        ({"ALCOVE_VITE": "http://127.0.0.1:5173", "ALCOVE_HOST": "0.0.0.0"}, ["vite", "host", "127.0.0.1"]),
        ({"ALCOVE_SAMPLES": "perhaps"}, ["ALCOVE_SAMPLES", "on", "off"]),
        ({"ALCOVE_CONTEXTS": "beta"}, ["ALCOVE_CONTEXTS", "'beta'", "[contexts.NAME]"]),
        ({"ALCOVE_CONTEXTS": '{"beta": 1}'}, ["ALCOVE_CONTEXTS"]),
        ({"ALCOVE_APPS": "/nowhere"}, ["ALCOVE_APPS", "/nowhere", "folder"]),
        ({"ALCOVE_AUTHENTICATION": "{}"}, ["ALCOVE_AUTHENTICATION", "settings file"]),
        ({"ALCOVE_DATABASE": "mysql://secret@host/name"}, ["ALCOVE_DATABASE", "postgresql://"]),
        ({"ALCOVE_DATABASE": "postgresql:///x", "ALCOVE_STORE": "memory"}, ["memory", "PostgreSQL"]),
        ({"ALCOVE_SCHEME": "gopher"}, ["ALCOVE_SCHEME", "http, https"]),
        ({"ALCOVE_ROLE": "boss"}, ["ALCOVE_ROLE", "all", "web", "worker"]),
        ({"ALCOVE_ROLE": "web"}, ["role", "ALCOVE_DATABASE"]),
        ({"ALCOVE_SETTINGS": "missing.toml"}, ["missing.toml"]),
        ({"ALCOVE_BLOBS": "s3"}, ["s3_bucket", "ALCOVE_S3_BUCKET"]),
        ({"ALCOVE_BLOBS": "s3", "ALCOVE_S3_BUCKET": "b"}, ["s3_key_id", "s3_credentials"]),
        ({"ALCOVE_S3_ENDPOINT": "https://key:word@host/bucket"}, ["ALCOVE_S3_ENDPOINT", "https://s3.example.org"]),
        ({"ALCOVE_MIRROR": "beside"}, ["mirror", "'beside'", "whole path"]),
        ({"ALCOVE_BLOBS": "s3", "ALCOVE_MIRROR": "s3", "ALCOVE_S3_BUCKET": "b"}, ["mirror", "same place"]),
        ({"ALCOVE_S3_CREDENTIALS": "/nowhere"}, ["ALCOVE_S3_CREDENTIALS", "/nowhere"]),
        (
            {
                "ALCOVE_BLOBS": "s3",
                "ALCOVE_S3_BUCKET": "b",
                "ALCOVE_S3_KEY_ID": "k",
                "ALCOVE_S3_SECRET": "s",
                "ALCOVE_S3_ENDPOINT": "http://bucket.example.org",
            },
            ["s3_endpoint", "trusted_networks"],
        ),
    ],
)
def test_a_wrong_setting_names_itself_and_what_is_allowed(
    tmp_path: Path, environ: dict[str, str], words: list[str]
) -> None:
    with pytest.raises(WrongSetting) as caught:
        read_settings({"ALCOVE_HOME": str(tmp_path), **environ})
    assert all(word in str(caught.value) for word in words)


def test_a_wrong_secret_is_not_told(tmp_path: Path) -> None:
    (tmp_path / "alcove.toml").write_text("smtp_password = 4711")
    with pytest.raises(WrongSetting) as caught:
        read_settings({"ALCOVE_HOME": str(tmp_path)})
    assert "smtp_password" in str(caught.value)
    assert "4711" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "word"),
    [("colour = 1", "colour"), ("port = [", "alcove.toml"), ("host = 7", "host"), ("port = -1", "port")],
)
def test_a_wrong_file_names_the_line_that_is_wrong(tmp_path: Path, text: str, word: str) -> None:
    (tmp_path / "alcove.toml").write_text(text)
    with pytest.raises(WrongSetting, match=word):
        read_settings({"ALCOVE_HOME": str(tmp_path)})


@pytest.mark.parametrize(
    ("environ", "locale"),
    [
        ({"LANG": "fr_FR.UTF-8"}, "fr"),
        ({"LANG": "fr_FR.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "fr_FR.UTF-8", "ALCOVE_LOCALE": "en"}, "en"),
        ({}, "en"),
    ],
)
def test_the_language_of_the_machine_is_the_default(tmp_path: Path, environ: dict[str, str], locale: str) -> None:
    assert read_settings({"ALCOVE_HOME": str(tmp_path), **environ}).locale == locale


def test_providers_are_tables_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "alcove.toml").write_text('[authentication.work.oidc]\nclient_id = "alcove"\n')
    said = read_settings({"ALCOVE_HOME": str(tmp_path)}).authentication
    assert said == {"work": {"oidc": {"client_id": "alcove"}}}
