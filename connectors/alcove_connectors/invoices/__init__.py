"""Invoices: from PDFs, pictures and electronic invoices to files and bills in the person's own place."""

from alcove_connectors.invoices.kinds import recognise

__all__ = ["recognise"]
