"""The verbs on a tree of files, free of HTTP. One call of a verb is one unit of work."""

from alcove.files.service.directories import INITIAL_FOLDERS, Directories
from alcove.files.service.ground import MAX_SIZE
from alcove.files.service.paths import Paths
from alcove.files.service.versions import Versions

__all__ = ["INITIAL_FOLDERS", "MAX_SIZE", "Files"]


class Files(Directories, Versions, Paths):
    """The files of every instance."""
