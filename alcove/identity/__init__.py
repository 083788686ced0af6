"""Who is asking, and what they may do."""

from alcove.base.house import Slot
from alcove.identity.app_passwords.model import login_of, logins_of
from alcove.identity.app_passwords.service import AppPasswords
from alcove.identity.clients.device_flow import DeviceFlows
from alcove.identity.clients.devices import DeviceLimit
from alcove.identity.clients.http.device_flow import DeviceFlowPages
from alcove.identity.clients.model import Client
from alcove.identity.clients.service import Clients
from alcove.identity.errors import LoginNeeded, MetadataWrong
from alcove.identity.factors.service import SecondFactors
from alcove.identity.http.forms import read_form, visitor_of
from alcove.identity.magic.service import MagicLinks
from alcove.identity.model import LIFETIMES, OWNER, Grant, Offers, Who, WrongScope, read_scope, read_set
from alcove.identity.operator import operator_passphrase
from alcove.identity.passphrases.model import SlowHash, client_form, salt_of
from alcove.identity.passphrases.service import Passphrases
from alcove.identity.permissions.http.links import LinkPages
from alcove.identity.permissions.model import HOLDERS, NewLink, Permission
from alcove.identity.permissions.model import Patch as LinkPatch
from alcove.identity.permissions.rules import tidy
from alcove.identity.permissions.service import Permissions
from alcove.identity.service import Gate, OperatorUnknown, login_url
from alcove.identity.sessions.http.opening import SessionCodes
from alcove.identity.sessions.service import Session, Sessions, Visitor
from alcove.identity.tokens.keys import Keys
from alcove.identity.tokens.service import AUDIENCES, Tokens

OFFERS: Slot[Offers] = Slot("offers", "apps that are not installed, and can be when a client speaks for one")
GRANTS: Slot[Grant] = Slot("grants", "where the permissions of an app or a connector are found, by audience")

__all__ = [
    "AUDIENCES",
    "GRANTS",
    "HOLDERS",
    "LIFETIMES",
    "OFFERS",
    "OWNER",
    "AppPasswords",
    "Client",
    "Clients",
    "DeviceFlowPages",
    "DeviceFlows",
    "DeviceLimit",
    "Gate",
    "Grant",
    "Keys",
    "LinkPages",
    "LinkPatch",
    "LoginNeeded",
    "MagicLinks",
    "MetadataWrong",
    "NewLink",
    "Offers",
    "OperatorUnknown",
    "Passphrases",
    "Permission",
    "Permissions",
    "SecondFactors",
    "Session",
    "SessionCodes",
    "Sessions",
    "SlowHash",
    "Tokens",
    "Visitor",
    "Who",
    "WrongScope",
    "client_form",
    "login_of",
    "login_url",
    "logins_of",
    "operator_passphrase",
    "read_form",
    "read_scope",
    "read_set",
    "salt_of",
    "tidy",
    "visitor_of",
]
