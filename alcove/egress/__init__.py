"""The one door out: who was asked, when and how much left, written down before anything is sent."""

from alcove.egress.model import EGRESS, Line
from alcove.egress.service import Journal

__all__ = ["EGRESS", "Journal", "Line"]
