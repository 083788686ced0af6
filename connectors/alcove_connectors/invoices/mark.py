"""The marks by which an electronic invoice is recognised, without loading an XML parser."""

from __future__ import annotations

import re

_CII = re.compile(rb"<(?:[\w.-]+:)?(?:CrossIndustryInvoice|CrossIndustryDocument|SCRDMCCBDACIOMessageStructure)[\s>]")
_UBL = re.compile(rb"urn:oasis:names:specification:ubl:schema:xsd:(?:Invoice|CreditNote)-2")


def looks_electronic(head: bytes) -> bool:
    """Whether the first bytes of an XML file name the root of an electronic invoice (CII, UBL or Order-X)."""
    flat = head.replace(b"\x00", b"")
    return bool(_CII.search(flat) or _UBL.search(flat))
