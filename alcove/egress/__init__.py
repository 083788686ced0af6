"""The one door out: who was asked, when and how much left, written down before anything is sent."""

from alcove.egress.broker import PROXY, Broker, Brokers, Home, Refused
from alcove.egress.model import EGRESS, Line, clean_host
from alcove.egress.service import Journal

__all__ = ["EGRESS", "PROXY", "Broker", "Brokers", "Home", "Journal", "Line", "Refused", "clean_host"]
