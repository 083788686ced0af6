"""The instances of this server: who lives here, under which names."""

from alcove.base.house import Slot
from alcove.instances.allowances import Allowance, Allowances
from alcove.instances.errors import IllegalDomain, InstanceExists, InstanceMissing, RecordChanged, TooOften
from alcove.instances.model import Holding, Instance, Introduction, Provisioner
from alcove.instances.service import DIRECTORY, SAMPLE_FLAG, Instances, directory
from alcove.instances.settings import InstanceSettings

PROVISIONERS: Slot[Provisioner] = Slot("provisioners", "what each room puts into a new instance")
INTRODUCTIONS: Slot[Introduction] = Slot("introductions", "what each room does when a language was chosen first")
HOLDINGS: Slot[Holding] = Slot("holdings", "what the first page says a place holds")

__all__ = [
    "DIRECTORY",
    "HOLDINGS",
    "INTRODUCTIONS",
    "PROVISIONERS",
    "SAMPLE_FLAG",
    "Allowance",
    "Allowances",
    "Holding",
    "IllegalDomain",
    "Instance",
    "InstanceExists",
    "InstanceMissing",
    "InstanceSettings",
    "Instances",
    "Introduction",
    "Provisioner",
    "RecordChanged",
    "TooOften",
    "directory",
]
