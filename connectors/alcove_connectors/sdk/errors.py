"""Why a connector stops, in Cozy's codes, and why one input could not be taken.

ConnectorError UNKNOWN_ERROR           ends the run; the code and the words are shown to the person
├── LoginFailed LOGIN_FAILED           ├── DiskQuotaExceeded DISK_QUOTA_EXCEEDED
├── UserActionNeeded USER_ACTION_NEEDED├── FileDownloadFailed FILE_DOWNLOAD_FAILED
├── VendorDown VENDOR_DOWN             ├── SaveFileFailed SAVE_FILE_FAILED
├── ChallengeAsked CHALLENGE_ASKED     ├── NoSuchDirectory NOT_EXISTING_DIRECTORY
├── TermsMismatch TERMS_VERSION_MISMATCH
├── Maintenance MAINTENANCE            └── CaptchaFailed CAPTCHA_RESOLUTION_FAILED
└── StackError UNKNOWN_ERROR           an answer of 400 and above from the person's server
InputProblem                           ends one input; the run goes on with the next
├── BadInput      outcome "error": it should have been readable (truncated, encrypted, too large)
├── NotUnderstood outcome "not_understood": it is kept, nothing could be drawn from it
└── Asked         outcome "asked": a person must say something first
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from alcove_connectors.sdk.questions import Question


class ConnectorError(Exception):
    """Ends the run. `detail` refines Cozy's code after a dot: `LoginFailed("...", detail="TOO_MANY_ATTEMPTS")`."""

    code: ClassVar[str] = "UNKNOWN_ERROR"

    def __init__(self, message: str = "", *, detail: str = "", retry: bool = True) -> None:
        super().__init__(message or self.code)
        self.message = message
        self.detail = detail
        self.retry = retry
        """False when trying again without the person would not help."""

    @property
    def full_code(self) -> str:
        """The code as it is written on standard output: `VENDOR_DOWN.BANK_DOWN`."""
        return f"{self.code}.{self.detail}" if self.detail else self.code


class LoginFailed(ConnectorError):
    """The credentials were refused. Details: NEEDS_SECRET, TOO_MANY_ATTEMPTS, WRONG_TWOFA_CODE."""

    code = "LOGIN_FAILED"


class UserActionNeeded(ConnectorError):
    """The person must act at the vendor's. Details: CHANGE_PASSWORD, SCA_REQUIRED, CGU_FORM, TWOFA_EXPIRED..."""

    code = "USER_ACTION_NEEDED"


class VendorDown(ConnectorError):
    """The vendor's site does not answer as it should. Details: BANK_DOWN, LINXO_DOWN."""

    code = "VENDOR_DOWN"


class ChallengeAsked(ConnectorError):
    """The vendor wants proof that a person is there."""

    code = "CHALLENGE_ASKED"


class CaptchaFailed(ConnectorError):
    """A captcha could not be solved."""

    code = "CAPTCHA_RESOLUTION_FAILED"


class DiskQuotaExceeded(ConnectorError):
    """The person's place is full."""

    code = "DISK_QUOTA_EXCEEDED"


class FileDownloadFailed(ConnectorError):
    """A file could not be fetched from the vendor."""

    code = "FILE_DOWNLOAD_FAILED"


class SaveFileFailed(ConnectorError):
    """A file could not be written into the person's place."""

    code = "SAVE_FILE_FAILED"


class NoSuchDirectory(ConnectorError):
    """The folder to save into is gone."""

    code = "NOT_EXISTING_DIRECTORY"


class TermsMismatch(ConnectorError):
    """The person has accepted other terms than those in force."""

    code = "TERMS_VERSION_MISMATCH"


class Maintenance(ConnectorError):
    """The connector is being repaired."""

    code = "MAINTENANCE"


class StackError(ConnectorError):
    """The person's server refused a request; `status` and `reason` are its answer (status 0: no answer came)."""

    def __init__(self, status: int, reason: str, request: str) -> None:
        super().__init__(f"{request}: {status} {reason}", retry=status not in (400, 401, 403, 404, 422))
        self.status = status
        self.reason = reason

    @property
    def full_code(self) -> str:
        """`DISK_QUOTA_EXCEEDED` for 413, else the unknown error."""
        return DiskQuotaExceeded.code if self.status == 413 else self.code


class InputProblem(Exception):
    """Ends one input with an outcome and a reason that a person can read. Raise one of the three below."""

    outcome: ClassVar[str] = "error"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BadInput(InputProblem):
    """The input is damaged, encrypted, too large... The reason says which, and what to do."""


class NotUnderstood(InputProblem):
    """The input is whole, but nothing could be drawn from it."""

    outcome = "not_understood"


class Asked(InputProblem):
    """A person must answer first: the other inputs are taken, then it is asked, then this input is begun anew.

    The answer is in `ctx.answer(input, question.field)`: in this run when the person is there, else in a later one.
    """

    outcome = "asked"

    def __init__(self, question: Question) -> None:
        super().__init__(question.text)
        self.question = question
