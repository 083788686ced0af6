"""Where the bytes of files live: immutable blobs with random names, on a local disk, in a bucket or in memory."""

from alcove.files.blobs.local import LocalBlobs
from alcove.files.blobs.memory import MemoryBlobs
from alcove.files.blobs.model import CHUNK, HEAD, BlobDamaged, BlobMissing, Blobs, BlobTooLarge, Listed, Sums, Written

__all__ = [
    "CHUNK",
    "HEAD",
    "BlobDamaged",
    "BlobMissing",
    "BlobTooLarge",
    "Blobs",
    "Listed",
    "LocalBlobs",
    "MemoryBlobs",
    "Sums",
    "Written",
]
