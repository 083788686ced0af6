"""Why somebody is not let in.

PlainRefusal ── LoginNeeded 401, WrongPassphrase 401, LogoutFromElsewhere 401, CsrfMissing 400, CsrfWrong 403,
│                NotAClient 400
├── LinkPasswordWrong 403, ResetRefused 400, PasskeyRefused 401, FactorRefused 401, DeviceUnknown 401
├── DelegationRefused ── NoProvider 404, LoginExpired 404, TokenNotBelieved 400, ProviderFailed 502
└── Forbidden 403 ── LargerSet, NotForSharing, NotItsParent, CodeRevoked, LinkLocked, NotCertified
Refusal ── TooManyLogins 429, TooManyCodes 429, RegisterTokenWrong 400, PassphraseRefused 403, PermissionMissing 404,
           AuthorizeWrong 400
├── PasskeyMissing 404, TooManyPasskeys 409, TooManyAppPasswords 409, TooManyDeviceTries 429, MagicLinkOff 400,
│   MagicLinkOver 400
└── OAuthRefusal 400 ── MetadataWrong, ClientMissing 404, RegistrationTokenWrong 401, ClientNotAllowed 401,
                        RegisteredTooOften 404, CertifyingCodeWrong 401, ConnectorMissing 404
"""

from __future__ import annotations

import math

from alcove.base.errors import BadRequest, Conflict, Forbidden, NotFound, PlainRefusal, Refusal, TooManyRequests
from alcove.identity.factors.texts import factor_texts
from alcove.identity.texts import later, renew_texts


class LoginNeeded(PlainRefusal):
    """A page that only the person who lives here may see."""

    status = 401

    def __init__(self) -> None:
        super().__init__("You must be authenticated")


class WrongPassphrase(PlainRefusal):
    """The passphrase does not open this place."""

    status = 401


class LogoutFromElsewhere(PlainRefusal):
    """A browser's session ends from one of the person's own apps, or from the stack's own pages."""

    status = 401

    def __init__(self) -> None:
        super().__init__("The user can logout only from client-side apps")


class RegisterTokenWrong(BadRequest):
    """The one-time secret of a new instance is wrong, or was used already."""

    def __init__(self) -> None:
        super().__init__("Invalid register token", parameter="register_token")


class PassphraseRefused(Refusal):
    """Who wants to change the passphrase must know the present one."""

    status = 403
    title = "Forbidden"

    def __init__(self) -> None:
        super().__init__("Invalid passphrase")


class ResetRefused(PlainRefusal):
    """The link that sets a passphrase anew was used already, or is too old. The words are the person's."""

    def __init__(self, locale: str) -> None:
        super().__init__(renew_texts(locale)["over"])


class FactorRefused(PlainRefusal):
    """The code is wrong, or cannot be asked for now. The words are the person's; `why` names them."""

    status = 401

    def __init__(self, locale: str, why: str) -> None:
        super().__init__(factor_texts(locale)[why])


class AddressNotPending(BadRequest):
    """No new address waits to be confirmed, or not with this token."""

    def __init__(self) -> None:
        super().__init__("No address waits to be confirmed with this")


class CsrfMissing(PlainRefusal):
    """The form came without its token: it was not the login page that sent it."""

    def __init__(self) -> None:
        super().__init__("missing csrf token in the form parameter")


class CsrfWrong(PlainRefusal):
    """The form's token is not the cookie's."""

    status = 403

    def __init__(self) -> None:
        super().__init__("invalid csrf token")


class TooManyLogins(TooManyRequests):
    """Too many wrong passphrases; the delay grows with each. The words are the person's, to be shown as they are."""

    def __init__(self, seconds: float, locale: str) -> None:
        whole = math.ceil(seconds)
        super().__init__(later(whole, locale), headers={"Retry-After": str(whole)})


class PermissionMissing(Refusal):
    """There is no permission document of that id."""

    status = 404
    title = "not_found"

    def __init__(self) -> None:
        super().__init__("missing")


class LargerSet(Forbidden):
    """Nobody can give more than they have."""

    def __init__(self) -> None:
        super().__init__("Attempt to create a larger permission set")


class NotForSharing(Forbidden):
    """A link is made by an app, a connector, a client or the command line: not by who came through a link."""

    def __init__(self) -> None:
        super().__init__("Only apps can create sharing permissions")


class NotItsParent(Forbidden):
    """A link is changed by who made it, or by who may do all that it allows."""

    def __init__(self) -> None:
        super().__init__("Permissions can be updated only by its parent")


class CodeRevoked(Forbidden):
    """The code of a link that was taken back, or never was."""

    def __init__(self, code: str) -> None:
        super().__init__(f"no permission doc for token {code}")


class LinkLocked(Forbidden):
    """The link asks for a password: its page says it once, and the browser keeps that in a cookie."""

    def __init__(self) -> None:
        super().__init__("This link is protected by a password")


class LinkPasswordWrong(PlainRefusal):
    """Not the password of this link. The words are the person's."""

    status = 403


class TooManyCodes(TooManyRequests):
    """Too many wrong codes of six digits: they could be guessed."""

    def __init__(self, seconds: float) -> None:
        super().__init__("Too many codes were tried", headers={"Retry-After": str(math.ceil(seconds))})


class OAuthRefusal(Refusal):
    """Written as `{"error": text, "error_description"?: text}` (RFC 6749 section 5.2). Clients match the texts."""

    def __init__(self, error: str, description: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(error, headers=headers)
        self.description = description


class MetadataWrong(OAuthRefusal):
    """What a client says of itself is not allowed (RFC 7591 section 3.2.2)."""


class ClientMissing(OAuthRefusal):
    """The client was revoked, or never was."""

    status = 404

    def __init__(self) -> None:
        super().__init__("Client not found")


class RegistrationTokenWrong(OAuthRefusal):
    """A client changes itself with the token that it got when it was registered."""

    status = 401

    def __init__(self) -> None:
        super().__init__("invalid_token")


class ClientNotAllowed(OAuthRefusal):
    """Only the command line makes clients of that kind."""

    status = 401

    def __init__(self) -> None:
        super().__init__("Not authorized to create client with given parameters")


class RegisteredTooOften(OAuthRefusal):
    """Too many registrations in an hour. The contract answers 404 where others would 429."""

    status = 404

    def __init__(self, headers: dict[str, str]) -> None:
        super().__init__("Not found", headers=headers)


class DelegationRefused(PlainRefusal):
    """Logging in with another provider came to no good end. `why` is for the log: it holds no secret."""

    words = ""

    def __init__(self, why: str = "") -> None:
        super().__init__(type(self).words)
        self.why = why


class NoProvider(DelegationRefused):
    """The settings name no provider for this place."""

    status = 404
    words = "Sorry, the server is not configured for OpenID Connect."


class LoginExpired(DelegationRefused):
    """It was begun too long ago, in another browser, or was ended already."""

    status = 404
    words = "Sorry, the session has expired."


class TokenNotBelieved(DelegationRefused):
    """What the provider's token says is not believed, or it is about somebody who does not live here."""

    words = "the authentication has failed"


class ProviderFailed(DelegationRefused):
    """The provider did not answer, or nothing that can be used."""

    status = 502
    words = "Error from the identity provider."


class AuthorizeWrong(BadRequest):
    """A client sends a person here with parameters that are not right. Nobody is led back to it."""


class CertifyingCodeWrong(OAuthRefusal):
    """Not the digits of the page, or too late, or too many tries. The words are the person's."""

    status = 401


class NotCertified(Forbidden):
    """Only for who may do everything."""


class ConnectorMissing(OAuthRefusal):
    """No connector of that name is installed."""

    status = 404

    def __init__(self) -> None:
        super().__init__("Application is not installed")


class NotAClient(PlainRefusal):
    """Only a client says when it has synchronized. In the words for a bad token, without the header for one."""

    def __init__(self) -> None:
        super().__init__("Invalid JWT token")


class PasskeyRefused(PlainRefusal):
    """A browser's answer that is not believed. `why` is for the log: who asks is told no more than that."""

    status = 401

    def __init__(self, why: str) -> None:
        super().__init__("This passkey does not open this place")
        self.why = why


class PasskeyMissing(NotFound):
    """There is no passkey of that id."""

    def __init__(self) -> None:
        super().__init__("There is no such passkey")


class TooManyPasskeys(Conflict):
    """A person has a few passkeys, not hundreds."""

    def __init__(self, most: int) -> None:
        super().__init__(f"There are {most} passkeys already: remove one first")


class DeviceUnknown(PlainRefusal):
    """Neither an app password nor a token that is good: the device asks the person for one."""

    status = 401

    def __init__(self) -> None:
        super().__init__(
            "An app password of this place is needed: make one on the page of your account, under Devices",
            headers={"WWW-Authenticate": 'Basic realm="Alcove", charset="UTF-8"'},
        )


class TooManyDeviceTries(TooManyRequests):
    """Too many wrong app passwords from one address."""

    def __init__(self, seconds: float) -> None:
        super().__init__("Too many wrong app passwords", headers={"Retry-After": str(math.ceil(seconds))})


class TooManyAppPasswords(Conflict):
    """A person has dozens of devices, not thousands."""

    def __init__(self, most: int) -> None:
        super().__init__(f"There are {most} app passwords already: remove one first")


class MagicLinkOff(BadRequest):
    """The operator has not allowed mailed links for this place, or the server sends no mail."""

    def __init__(self) -> None:
        super().__init__("Magic links are not available")


class MagicLinkOver(BadRequest):
    """A mailed link that was used, is too old, or never was."""

    def __init__(self) -> None:
        super().__init__("Invalid magic link")
