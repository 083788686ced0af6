"""What apps, connectors and clients want a person to know: kept, and sent through the channels that there are."""

from alcove.notifications.errors import NotDeclared
from alcove.notifications.model import Rule, Said, Sender, read_notification, read_rule
from alcove.notifications.service import Notifications

__all__ = ["NotDeclared", "Notifications", "Rule", "Said", "Sender", "read_notification", "read_rule"]
