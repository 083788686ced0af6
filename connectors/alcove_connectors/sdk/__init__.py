"""The kit that connectors are written with: what a run is given, what it may do, and how it ends."""

from alcove_connectors.sdk.bank import account_doc_id, operation_doc_id, save_accounts, save_operations
from alcove_connectors.sdk.bills import BillEntry, save_bills
from alcove_connectors.sdk.connector import Connector
from alcove_connectors.sdk.context import Context, Input
from alcove_connectors.sdk.documents import Saved, create_all, stable_id, update_or_create
from alcove_connectors.sdk.errors import (
    Asked,
    BadInput,
    CaptchaFailed,
    ChallengeAsked,
    ConnectorError,
    DiskQuotaExceeded,
    FileDownloadFailed,
    InputProblem,
    LoginFailed,
    Maintenance,
    NoSuchDirectory,
    NotUnderstood,
    SaveFileFailed,
    StackError,
    TermsMismatch,
    UserActionNeeded,
    VendorDown,
)
from alcove_connectors.sdk.files import FileEntry, SavedFile, save_files
from alcove_connectors.sdk.french import FRENCH
from alcove_connectors.sdk.language import translate
from alcove_connectors.sdk.metadata import iso
from alcove_connectors.sdk.questions import OF_A_FILE, NotAnswered, Question
from alcove_connectors.sdk.stack import Stack

translate("fr", FRENCH)

__all__ = [
    "OF_A_FILE",
    "Asked",
    "BadInput",
    "BillEntry",
    "CaptchaFailed",
    "ChallengeAsked",
    "Connector",
    "ConnectorError",
    "Context",
    "DiskQuotaExceeded",
    "FileDownloadFailed",
    "FileEntry",
    "Input",
    "InputProblem",
    "LoginFailed",
    "Maintenance",
    "NoSuchDirectory",
    "NotAnswered",
    "NotUnderstood",
    "Question",
    "SaveFileFailed",
    "Saved",
    "SavedFile",
    "Stack",
    "StackError",
    "TermsMismatch",
    "UserActionNeeded",
    "VendorDown",
    "account_doc_id",
    "create_all",
    "iso",
    "operation_doc_id",
    "save_accounts",
    "save_bills",
    "save_files",
    "save_operations",
    "stable_id",
    "translate",
    "update_or_create",
]
