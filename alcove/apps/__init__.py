"""Web apps: which are installed, and serving each on its own host."""

from alcove.apps.errors import NoSuchFile, NotInstalled
from alcove.apps.http.download import DownloadHTTP
from alcove.apps.http.files import send_file
from alcove.apps.http.installing import InstallHTTP, Parted
from alcove.apps.http.listing import answer_installed
from alcove.apps.http.logs import LogsHTTP
from alcove.apps.model import Kind
from alcove.apps.model.record import HIDDEN, comes_along
from alcove.apps.service import Apps
from alcove.apps.service.folders import Folder
from alcove.apps.service.installing import Installer, Installers
from alcove.apps.service.registries import CLOSED
from alcove.apps.service.renewing import Renewals
from alcove.apps.service.services import SERVICE

__all__ = [
    "CLOSED",
    "HIDDEN",
    "SERVICE",
    "Apps",
    "DownloadHTTP",
    "Folder",
    "InstallHTTP",
    "Installer",
    "Installers",
    "Kind",
    "LogsHTTP",
    "NoSuchFile",
    "NotInstalled",
    "Parted",
    "Renewals",
    "answer_installed",
    "comes_along",
    "send_file",
]
