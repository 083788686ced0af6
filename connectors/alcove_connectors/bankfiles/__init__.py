"""Bank files (OFX, QIF, MT940, CAMT, CSV) as the person's bank accounts and operations."""

from .connector import BankFiles
from .formats import recognise

__all__ = ["BankFiles", "recognise"]
