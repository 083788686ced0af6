"""Providers that people log in with instead of a passphrase (OpenID Connect), as the settings name them.

One for each context, in `[authentication.CONTEXT.oidc]`, with the names of contract-a section 3.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from alcove.base.config import WrongSetting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.instances import Instance

DEFAULT = "default"
"""The context of instances that have none of their own."""


@dataclass(frozen=True, slots=True)
class Provider:
    """Who says of a person that it is them."""

    context: str
    client_id: str
    client_secret: str
    redirect_uri: str
    """Where the provider sends browsers back to: `/oidc/redirect` on one host of this server, for all instances."""
    name: str = "OpenID Connect"
    """What the button of the login page calls it."""
    scope: str = "openid"
    issuer: str = ""
    """Where the rest is found out from, when it is not set (OpenID Connect Discovery)."""
    authorize_url: str = ""
    token_url: str = ""
    userinfo_url: str = ""
    id_token_jwk_url: str = ""
    logout_url: str = ""
    """Where a person logs out of the provider itself."""
    userinfo_instance_field: str = ""
    """The claim that says which instance is the person's, between the two that follow."""
    userinfo_instance_prefix: str = ""
    userinfo_instance_suffix: str = ""
    allow_custom_instance: bool = False
    """Whether the instance is known by its `oidc_id`, the provider's `sub`, instead."""
    allow_oauth_token: bool = False
    """Whether clients may bring a token that they got from the provider themselves."""
    only: bool = False
    """Whether the login page leads on to the provider at once (`disable_password_authentication`)."""

    def domain(self, claim: str) -> str:
        """The instance that a claim names: a domain, or a name when there is a suffix (contract-a section 3)."""
        bare = claim.lower().replace("-", "")
        if self.userinfo_instance_suffix:
            bare = bare.replace(".", "")
        return f"{self.userinfo_instance_prefix}{bare}{self.userinfo_instance_suffix}"


class Providers:
    """The providers of this server, by context."""

    def __init__(self, authentication: Mapping[str, Any]) -> None:
        """Raises `WrongSetting`."""
        self._known = {
            context: provider
            for context, said in authentication.items()
            if (provider := _read(context, said)) is not None
        }

    def __iter__(self) -> Any:
        return iter(self._known.values())

    def get(self, context: str) -> Provider | None:
        """The provider of a context."""
        return self._known.get(context)

    def of(self, instance: Instance) -> Provider | None:
        """The provider that people of this instance log in with."""
        return self._known.get(str(instance.fields.get("context") or DEFAULT))

    def alone(self, instance: Instance) -> bool:
        """Whether people of this instance log in with its provider, and with nothing else."""
        provider = self.of(instance)
        return provider is not None and provider.only


def lives_here(provider: Provider, instance: Instance, claims: Mapping[str, Any]) -> bool:
    """Whether what a provider says of a person is about the one who lives here (contract-a section 3)."""
    if provider.allow_custom_instance:
        sub, known = claims.get("sub"), instance.fields.get("oidc_id")
        return isinstance(sub, str) and bool(sub) and sub == known
    claim = claims.get(provider.userinfo_instance_field)
    return isinstance(claim, str) and bool(claim) and provider.domain(claim) == instance.main


_NAMES = {entry.name: entry for entry in fields(Provider) if entry.name not in ("context", "only")}
_URLS = ("redirect_uri", "issuer", "authorize_url", "token_url", "userinfo_url", "id_token_jwk_url", "logout_url")


def _read(context: str, said: Any) -> Provider | None:
    where = f"authentication.{context}"
    known = {"oidc": dict, "disable_password_authentication": bool}
    if not isinstance(said, dict):
        raise WrongSetting(f"{where} is {said!r}; a table is allowed")
    for name, value in said.items():
        if name not in known or not isinstance(value, known[name]):
            raise WrongSetting(f"{where}.{name} is not understood; {' and '.join(known)} are allowed")
    oidc, only = said.get("oidc"), bool(said.get("disable_password_authentication"))
    if oidc is None:
        if only:
            raise WrongSetting(f"{where} disables passphrases and names no provider: nobody could log in")
        return None
    return _provider(context, f"{where}.oidc", oidc, only=only)


def _provider(context: str, where: str, said: Mapping[str, Any], *, only: bool) -> Provider:
    for name, value in said.items():
        if name not in _NAMES:
            raise WrongSetting(f"{where}: there is no setting {name!r}; there are {', '.join(sorted(_NAMES))}")
        wanted = bool if isinstance(_NAMES[name].default, bool) else str
        if not isinstance(value, wanted):  # not told: it may be the secret
            raise WrongSetting(f"{where}.{name} must be {'true or false' if wanted is bool else 'a text'}")
    missing = [name for name, entry in _NAMES.items() if entry.default is MISSING and not said.get(name)]
    if missing:
        raise WrongSetting(f"{where} has no {' and no '.join(missing)}")
    for name in _URLS:
        if said.get(name) and not _is_url(said[name]):
            raise WrongSetting(f"{where}.{name} is {said[name]!r}; an address such as https://host/path is allowed")
    provider = Provider(context, only=only, **said)
    if not provider.issuer and not (provider.authorize_url and provider.token_url and provider.userinfo_url):
        raise WrongSetting(f"{where} needs issuer, or authorize_url, token_url and userinfo_url")
    if provider.id_token_jwk_url and not provider.issuer:
        raise WrongSetting(f"{where}.id_token_jwk_url checks who signed, issuer says who it must be: set it too")
    if not provider.allow_custom_instance and not provider.userinfo_instance_field:
        raise WrongSetting(f"{where} needs userinfo_instance_field, or allow_custom_instance = true")
    return provider


def _is_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.fragment and parts.port != 0
    except ValueError:
        return False
