"""Who is asking, and what they may do."""

from alcove.base.house import Slot
from alcove.identity.app_password import login_of, logins_of
from alcove.identity.app_passwords import AppPasswords
from alcove.identity.client import Client
from alcove.identity.clients import Clients
from alcove.identity.device_flow import DeviceFlows
from alcove.identity.devices import DeviceLimit
from alcove.identity.errors import LoginNeeded, MetadataWrong
from alcove.identity.factors import SecondFactors
from alcove.identity.http.device_flow import DeviceFlowPages
from alcove.identity.http.forms import read_form, visitor_of
from alcove.identity.http.links import LinkPages
from alcove.identity.http.opening import SessionCodes
from alcove.identity.keys import Keys
from alcove.identity.magic import MagicLinks
from alcove.identity.model import LIFETIMES, OWNER, Grant, Offers, Who, WrongScope, read_scope, read_set
from alcove.identity.operator import operator_passphrase
from alcove.identity.passphrase import client_form, salt_of
from alcove.identity.passphrases import Passphrases
from alcove.identity.permission import HOLDERS
from alcove.identity.permissions import Permissions
from alcove.identity.rules import tidy
from alcove.identity.service import Gate, OperatorUnknown, login_url
from alcove.identity.sessions import Session, Sessions, Visitor
from alcove.identity.tokens import AUDIENCES, Tokens

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
    "LoginNeeded",
    "MagicLinks",
    "MetadataWrong",
    "Offers",
    "OperatorUnknown",
    "Passphrases",
    "Permissions",
    "SecondFactors",
    "Session",
    "SessionCodes",
    "Sessions",
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
