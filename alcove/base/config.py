"""Settings: a TOML file, then the environment; each with a default that runs. A wrong one names itself."""

from __future__ import annotations

import ipaddress
import os
import re
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class WrongSetting(Exception):
    """A setting that cannot be used. The message names it and says what is allowed."""


def _about(text: str, default: Any, *, secret: bool = False) -> Any:
    return field(default=default, metadata={"about": text, "secret": secret})


@dataclass(frozen=True, slots=True)
class Settings:
    """What the person who runs the server can choose. `ALCOVE_<NAME>` in the environment wins over the file."""

    home: Path = field(
        default_factory=lambda: Path("~/.local/share/alcove").expanduser(),
        metadata={"about": "the data folder: everything that the server owns", "secret": False},
    )
    host: str = _about("the address to listen on", "127.0.0.1")
    port: int = _about("the port of the people's side, 1 to 65535", 8080)
    admin_port: int = _about("the port of the operator's side, 1 to 65535", 6060)
    admin_passphrase: str = _about("the operator's passphrase; empty: one is made in the data folder", "", secret=True)
    scheme: str = _about("how people reach the server: http, or https by a proxy in front that speaks it", "http")
    subdomains: str = _about(
        "how the host of an app is written: nested (drive.me.tld) or flat (me-drive.tld)", "nested"
    )
    proxies: str = _about(
        "addresses or networks of proxies in front, joined by commas: whom they name as the visitor is believed", ""
    )
    trusted_networks: str = _about(
        "private networks, joined by commas, in which the server may ask other servers: none by default", ""
    )
    store: str = _about("where documents live: sqlite or memory", "sqlite")
    database: str = _about(
        "the PostgreSQL that holds documents and jobs, as postgresql://user:password@host/name; empty: files in home",
        "",
        secret=True,
    )
    role: str = _about("what this process does: all, web (answers) or worker (works in the background)", "all")
    blobs: str = _about("where bytes of files live: local, s3 or memory", "local")
    s3_bucket: str = _about("the bucket that holds the bytes of files, when blobs or mirror is s3", "")
    s3_endpoint: str = _about("the address of the server that has the bucket; empty: AWS", "")
    s3_region: str = _about("the region of the bucket", "us-east-1")
    s3_prefix: str = _about("what the names of all objects in the bucket begin with, to share it; empty: nothing", "")
    s3_style: str = _about("how the bucket is named: in the path (path; most servers) or the host (host; AWS)", "path")
    s3_key_id: str = _about("the access key's id for the bucket", "", secret=True)
    s3_secret: str = _about("the secret of that access key", "", secret=True)
    s3_credentials: str = _about("a file with aws_access_key_id and aws_secret_access_key, instead of these two", "")
    mirror: str = _about("a second place that the bytes of files are copied to: a folder, or s3; empty: none", "")
    apps: str = _about("the folder of built apps, for who develops them; empty: those that come with Alcove", "")
    vite: str = _about("for who writes pages: where their development server listens; empty: none", "")
    smtp_host: str = _about("the mail server that takes what Alcove sends; empty: Alcove sends no mail", "")
    smtp_port: int = _about("the port of that mail server, 1 to 65535", 587)
    smtp_security: str = _about("how the talk with it is kept secret: starttls, tls (port 465) or none", "starttls")
    smtp_user: str = _about("the account at the mail server; empty: it asks for none", "")
    smtp_password: str = _about("the password of that account", "", secret=True)
    smtp_sender: str = _about("the address that mails come from; {domain} in it is the host of each place", "")
    smtp_authority: str = _about(
        "a file with the certificate that signs the mail server's, if nobody else knows it", ""
    )
    cloud_version: str = _about(
        "the version of Nextcloud that its clients are told: they refuse servers that they find too old", "30.0.0"
    )
    confinement: str = _about("what connectors need to run: required (bubblewrap) or degraded (limits)", "required")
    node: str = _about("the Node that runs connectors written for it; empty: that of the package, or of the system", "")
    samples: str = _about("whether people may have a sample person made in the browser: on or off", "on")
    locale: str = _about("the language of a new instance: fr or en", "en")
    contexts: Mapping[str, Mapping[str, Any]] = field(
        default_factory=dict,
        metadata={
            "about": "what holds for groups of instances, as tables [contexts.NAME] of the file",
            "secret": False,
        },
    )
    authentication: Mapping[str, Any] = field(
        default_factory=dict,
        metadata={"about": "providers that people log in with, by context: a table of the file", "secret": True},
    )
    log_level: str = _about("how much is logged: debug, info, warning or error", "info")
    log_format: str = _about("how it is logged: text or json", "text")


HERE = ("127.0.0.1", "::1", "localhost")
"""Addresses that no other machine reaches."""
_VITE = re.compile(r"(http://(127\.0\.0\.1|localhost):\d{1,5})?")
_ENDPOINT = re.compile(r"(https?://([^\s/@:\[\]]+|\[[0-9a-f:]+\])(:\d{1,5})?/?)?", re.IGNORECASE)
_SHAPES = {
    "cloud_version": (re.compile(r"\d{1,3}\.\d{1,3}\.\d{1,3}", re.ASCII), "three numbers such as 30.0.0 are allowed"),
    "smtp_sender": (
        re.compile(r"([^\s@<>,;:\"]+@[^\s@<>,;:\"]+)?"),
        "an address such as alcove@example.org or noreply@{domain} is allowed",
    ),
}

_DATABASES = ("postgresql://", "postgres://")

_SECRET = {entry.name for entry in fields(Settings) if entry.metadata.get("secret")}

CHOICES = {
    "scheme": ("http", "https"),
    "subdomains": ("nested", "flat"),
    "role": ("all", "web", "worker"),
    "store": ("sqlite", "memory"),
    "blobs": ("local", "s3", "memory"),
    "s3_style": ("path", "host"),
    "smtp_security": ("starttls", "tls", "none"),
    "confinement": ("required", "degraded"),
    "samples": ("on", "off"),
    "locale": ("fr", "en"),
    "log_level": ("debug", "info", "warning", "error"),
    "log_format": ("text", "json"),
}


def read_settings(environ: Mapping[str, str] | None = None, file: Path | None = None) -> Settings:
    """The settings in force; raises `WrongSetting`.

    The file is `alcove.toml` in the data folder, or what `ALCOVE_SETTINGS` names. A machine that speaks French makes
    French instances, unless a setting says otherwise.
    """
    environ = os.environ if environ is None else environ
    home = Path(environ.get("ALCOVE_HOME") or "~/.local/share/alcove").expanduser()
    named = environ.get("ALCOVE_SETTINGS")
    path = file or (Path(named) if named else home / "alcove.toml")
    said = _from_file(path, required=named is not None or file is not None)
    values: dict[str, Any] = {"home": home}
    known = {entry.name for entry in fields(Settings)}
    for name, value in said.items():
        if name not in known:
            raise WrongSetting(f"{path}: there is no setting {name!r}; there are {', '.join(sorted(known))}")
        values[name] = _checked(name, value, f"{path}: {name}")
    for name in known:
        variable = f"ALCOVE_{name.upper()}"
        if environ.get(variable):
            values[name] = _checked(name, environ[variable], variable)
    if "locale" not in values and (environ.get("LC_ALL") or environ.get("LANG", "")).startswith("fr"):
        values["locale"] = "fr"
    settings = Settings(**values)
    if settings.role != "all" and not settings.database:
        raise WrongSetting(f"role is {settings.role!r}, and several processes need a database: set ALCOVE_DATABASE")
    if settings.database and settings.store == "memory":
        raise WrongSetting("store is memory and database names a PostgreSQL: only one of them can hold the documents")
    if settings.vite and settings.host not in HERE:
        raise WrongSetting(f"vite is for who writes pages: it works only while host is {' or '.join(HERE)}")
    if settings.smtp_security == "none" and settings.smtp_password and settings.smtp_host not in HERE:
        raise WrongSetting("smtp_security is none: a password would cross the network in clear; use starttls or tls")
    _check_bucket(settings)
    return settings


def _check_bucket(settings: Settings) -> None:
    """Raises `WrongSetting` for a bucket that cannot be used, before anything is written."""
    if settings.mirror and settings.mirror == settings.blobs:
        raise WrongSetting("mirror is s3 and so is blobs: a mirror in the same place saves nothing; name a folder")
    if settings.mirror not in ("", "s3") and not Path(settings.mirror).is_absolute():
        raise WrongSetting(f"mirror is {settings.mirror!r}; s3 or the whole path of a folder is allowed")
    if settings.mirror and Path(settings.mirror).absolute() == settings.home.absolute():
        raise WrongSetting("mirror is the data folder itself: a mirror in the same place saves nothing")
    if "s3" not in (settings.blobs, settings.mirror):
        return
    if not settings.s3_bucket:
        raise WrongSetting("s3_bucket names no bucket, and bytes of files are to lie in one: set ALCOVE_S3_BUCKET")
    if settings.s3_credentials and (settings.s3_key_id or settings.s3_secret):
        raise WrongSetting("s3_credentials names a file, and s3_key_id or s3_secret is set too: use one of them")
    if not settings.s3_credentials and not (settings.s3_key_id and settings.s3_secret):
        raise WrongSetting("the bucket needs s3_key_id and s3_secret, or a file that s3_credentials names")
    host = _ENDPOINT.fullmatch(settings.s3_endpoint)
    plain = settings.s3_endpoint.startswith("http://")
    if plain and host is not None and str(host[2]).strip("[]") not in HERE and not settings.trusted_networks:
        raise WrongSetting(
            "s3_endpoint is not https: files would cross the network in clear; if that network is your own, name it"
            " in trusted_networks"
        )


def _from_file(path: Path, *, required: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        if required:
            raise WrongSetting(f"{path}: this settings file is not there") from None
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WrongSetting(f"{path}: this settings file cannot be read: {error}") from None


def _checked(name: str, value: Any, where: str) -> Any:
    if name == "home":
        return Path(str(value)).expanduser()
    if name in _READERS:
        return _READERS[name](value, where)
    if name == "vite" and not _VITE.fullmatch(str(value)):
        raise WrongSetting(f"{where} is {value!r}; an address of this machine such as http://127.0.0.1:5173 is allowed")
    if name == "database" and value and not str(value).startswith(_DATABASES):
        raise WrongSetting(f"{where} is not understood; an address such as {_DATABASES[0]}user@host/name is allowed")
    if not isinstance(value, str):
        shown = "no text" if name in _SECRET else repr(value)
        raise WrongSetting(f"{where} is {shown}; a text is allowed")
    if name in ("proxies", "trusted_networks"):
        return _networks(value, where)
    if name in _SHAPES and not _SHAPES[name][0].fullmatch(value):
        raise WrongSetting(f"{where} is {value!r}; {_SHAPES[name][1]}")
    if name == "s3_credentials" and value and not Path(value).is_file():
        raise WrongSetting(f"{where} is {value!r}; a file with the access key is allowed, or nothing")
    if name == "smtp_authority" and value and not Path(value).is_file():
        raise WrongSetting(f"{where} is {value!r}; a file with a certificate is allowed, or nothing")
    if name == "node" and value and not os.access(value, os.X_OK):
        raise WrongSetting(f"{where} is {value!r}; a program is allowed, or nothing")
    if name == "apps" and value and not Path(value).is_dir():
        raise WrongSetting(f"{where} is {value!r}; a folder of built apps is allowed, or nothing")
    if name in CHOICES and value not in CHOICES[name]:
        raise WrongSetting(f"{where} is {value!r}; allowed are {', '.join(CHOICES[name])}")
    return value


def _contexts(value: Any, where: str) -> dict[str, dict[str, Any]]:
    """Tables by name; in the environment they are written as JSON."""
    try:
        said = orjson.loads(value) if isinstance(value, str) else value
        orjson.dumps(said)  # they are told to apps
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        said = None
    if not isinstance(said, dict) or not all(isinstance(context, dict) for context in said.values()):
        raise WrongSetting(
            f"{where} is {str(value)[:60]!r}; tables [contexts.NAME] are allowed, in the environment JSON"
        )
    return said


def _providers(value: Any, where: str) -> Mapping[str, Any]:
    """Tables of the file, read by who asks providers. What stands in them is never told: there are secrets."""
    if not isinstance(value, dict):
        raise WrongSetting(f"{where} is not understood; tables of the settings file are allowed")
    return value


def _port(value: Any, where: str) -> int:
    text = str(value)
    if not (text.isascii() and text.isdigit()) or not 0 <= int(text) <= 65535:
        raise WrongSetting(f"{where} is {text!r}; a port from 1 to 65535 is allowed (0 takes a free one)")
    return int(text)


def _endpoint(value: Any, where: str) -> str:
    # What it is is not told: people put access keys into addresses.
    if not isinstance(value, str) or not _ENDPOINT.fullmatch(value):
        raise WrongSetting(f"{where} is not understood; an address such as https://s3.example.org is allowed")
    return value


def _key_file(value: Any, where: str) -> str:
    if not isinstance(value, str) or (value and not Path(value).is_file()):
        raise WrongSetting(f"{where} is {value!r}; a file with the access key is allowed, or nothing")
    return value


_READERS: Mapping[str, Callable[[Any, str], Any]] = {
    "port": _port,
    "admin_port": _port,
    "smtp_port": _port,
    "contexts": _contexts,
    "authentication": _providers,
    "s3_endpoint": _endpoint,
    "s3_credentials": _key_file,
}


def _networks(value: str, where: str) -> str:
    parts = [part.strip() for part in value.split(",") if part.strip()]
    for part in parts:
        try:
            ipaddress.ip_network(part)
        except ValueError:
            allowed = "addresses and networks are allowed, such as 127.0.0.1,10.0.0.0/8"
            raise WrongSetting(f"{where} names {part!r}; {allowed}") from None
    return ",".join(parts)
