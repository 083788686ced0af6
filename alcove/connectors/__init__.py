"""Running connectors: confined, over files that a person gives or at times that a trigger says."""

from alcove.connectors.errors import InputTooLarge, IntakeFull, IntakeMissing, NoSuchConnector
from alcove.connectors.maintenance import Maintenance
from alcove.connectors.model import ACCOUNTS, GATHERINGS, INTAKE, KONNECTORS, FileOutcome, Konnector
from alcove.connectors.providers import Providers
from alcove.connectors.service.gather import Gatherings
from alcove.connectors.service.intake import Intake
from alcove.connectors.service.konnectors import Konnectors
from alcove.connectors.service.runs import Runs

__all__ = [
    "ACCOUNTS",
    "GATHERINGS",
    "INTAKE",
    "KONNECTORS",
    "FileOutcome",
    "Gatherings",
    "InputTooLarge",
    "Intake",
    "IntakeFull",
    "IntakeMissing",
    "Konnector",
    "Konnectors",
    "Maintenance",
    "NoSuchConnector",
    "Providers",
    "Runs",
]
