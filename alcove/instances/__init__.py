"""The instances of this server: who lives here, under which names."""

from alcove.base.house import Slot
from alcove.instances.allowances import Allowance, Allowances
from alcove.instances.contexts import Contexts
from alcove.instances.errors import IllegalDomain, InstanceExists, InstanceMissing, RecordChanged, TooOften
from alcove.instances.flags import Flags, Layer
from alcove.instances.model import (
    CONTENT,
    INDEX,
    STORED,
    Capability,
    Check,
    Holding,
    Instance,
    Introduction,
    Provisioner,
    names_of,
)
from alcove.instances.moved import PlaceMoved, moved_warning
from alcove.instances.parameters import MODES, settings_of
from alcove.instances.records import DIRECTORY, SAMPLE_FLAG, directory
from alcove.instances.service import DEBUG_UNTIL, DEBUGGED, Instances
from alcove.instances.settings import InstanceSettings
from alcove.instances.store.flags import flag_documents
from alcove.instances.terms import WAITS, terms_waiting, terms_warning

PROVISIONERS: Slot[Provisioner] = Slot("provisioners", "what each room puts into a new instance")
INTRODUCTIONS: Slot[Introduction] = Slot("introductions", "what each room does when a language was chosen first")
CHECKS: Slot[Check] = Slot("checks", "what the operator's check of an instance looks at")
HOLDINGS: Slot[Holding] = Slot("holdings", "what the first page says a place holds")
CAPABILITIES: Slot[Capability] = Slot("capabilities", "what people of an instance can do, by the contract's word")

__all__ = [
    "CAPABILITIES",
    "CHECKS",
    "CONTENT",
    "DEBUGGED",
    "DEBUG_UNTIL",
    "DIRECTORY",
    "HOLDINGS",
    "INDEX",
    "INTRODUCTIONS",
    "MODES",
    "PROVISIONERS",
    "SAMPLE_FLAG",
    "STORED",
    "WAITS",
    "Allowance",
    "Allowances",
    "Capability",
    "Check",
    "Contexts",
    "Flags",
    "Holding",
    "IllegalDomain",
    "Instance",
    "InstanceExists",
    "InstanceMissing",
    "InstanceSettings",
    "Instances",
    "Introduction",
    "Layer",
    "PlaceMoved",
    "Provisioner",
    "RecordChanged",
    "TooOften",
    "directory",
    "flag_documents",
    "moved_warning",
    "names_of",
    "settings_of",
    "terms_waiting",
    "terms_warning",
]
