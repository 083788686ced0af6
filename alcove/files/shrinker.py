"""Draws the thumbnails of one file: run in a confined process by `each`, never imported by the server.

Decoders of pictures are the likeliest way in for a hostile file. So this knows nothing of the server, sees one file,
and what it writes is taken for what anybody may have written. For each size it writes the line `size NAME LENGTH` and
the JPEG in lines of base64; or one line `none REASON`.
"""

from __future__ import annotations

import base64
import io
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

    from PIL import Image as PillowImage
    from PIL.Image import Image

SIZES = (("large", 1920, 1080), ("medium", 1280, 720), ("small", 640, 480), ("tiny", 96, 96))
"""From the largest on: each is drawn from the one before."""
MOST = 80_000_000
"""Points of a picture that are decoded at the most; JPEG is decoded smaller than it is, so its own may be more."""
KINDS = ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF"]
PART = 45 << 10
QUALITY = 80
BEFORE_PDF = b"\xef\xbb\xbf\r\n\t \0"
HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")


class Undrawable(Exception):
    """Why there is no picture of a file, in words."""


def prepare(mimes: Sequence[str]) -> None:
    """Loads what several files of these media types need, before each is drawn in a process of its own."""
    if len(mimes) > 1:
        from PIL import Image, ImageCms, ImageOps  # noqa: F401 - kept for those who come

        Image.preinit()
    if mimes.count("application/pdf") > 1:
        import pypdfium2  # noqa: F401 - kept for those who come


def main(path: str, _mime: str) -> None:
    """Writes the thumbnails of a file, or why there are none. Raises `MemoryError`."""
    try:
        shrunk = list(thumbnails(opened(path)))
    except MemoryError:
        raise  # the parent knows how much there was
    except Undrawable as error:
        print("none", error)
    except Exception as error:  # decoders raise whatever they like over broken bytes
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        print("none it is damaged")
    else:
        for name, picture in shrunk:
            print("size", name, len(picture))
            for place in range(0, len(picture), PART):
                print(base64.b64encode(picture[place : place + PART]).decode())


def opened(path: str) -> Image:
    """The picture of a file, or of the first page of a PDF. Raises `Undrawable`."""
    with open(path, "rb") as file:
        head = file.read(1024)
        file.seek(0)
        return first_page(path) if head.lstrip(BEFORE_PDF).startswith(b"%PDF-") else picture(file, head)


def picture(file: BinaryIO, head: bytes) -> Image:
    """A picture, not larger than needed and the right way up. Raises `Undrawable`."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    if head[4:8] == b"ftyp" and head[8:12] in HEIF_BRANDS:
        import pi_heif  # slow to load, and few pictures need it

        pi_heif.register_heif_opener(thumbnails=False)
    Image.MAX_IMAGE_PIXELS = None  # counted below, when it is known how small it can be decoded
    try:
        image: Image.Image = Image.open(file, formats=KINDS if "HEIF" in Image.OPEN else KINDS[:-1])
    except UnidentifiedImageError:
        raise Undrawable("it is no picture of a kind that is known here") from None
    image.draft("RGB", SIZES[0][1:])
    if image.width * image.height > MOST:
        raise Undrawable(f"it has more than {MOST // 1_000_000} million points")
    image.load()
    profile = image.info.get("icc_profile")
    orientation = image.getexif().get(0x0112, 1)
    image = shrink(plain(image), *SIZES[0][1:])
    image.getexif()[0x0112] = orientation  # what was drawn anew has lost it
    return in_srgb(ImageOps.exif_transpose(image), profile)


def plain(image: Image) -> Image:
    """Colours as red, green and blue, on white where one could see through."""
    from PIL import Image

    if image.mode in ("I;16", "I;16B", "I;16L", "I"):
        return image.convert("I").point([value >> 8 for value in range(65536)], "L").convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(ground, image).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def shrink(image: Image, width: int, height: int, *, enlarge: bool = False) -> Image:
    """The whole picture within these bounds."""
    from PIL import Image

    scale = min(width / image.width, height / image.height)
    if scale >= 1 and not enlarge:
        return image
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)


def in_srgb(image: Image, profile: object) -> Image:
    """The colours as every screen takes them: the profile of the camera is not kept beside a thumbnail."""
    from PIL import ImageCms

    if not isinstance(profile, bytes):
        return image
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(image, own, ImageCms.createProfile("sRGB")) or image
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image


def first_page(path: str) -> Image:
    """The first page of a PDF. Raises `Undrawable`."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        words = "it is protected by a password" if "password" in str(error).lower() else "it is damaged"
        raise Undrawable(words) from None
    if not len(document):
        raise Undrawable("it has no page")
    page = document[0]
    width, height = page.get_size()
    if width < 1 or height < 1:
        raise Undrawable("its first page has no size")
    scale = min(SIZES[0][1] / width, SIZES[0][2] / height)
    drawn: PillowImage.Image = page.render(scale=scale).to_pil()
    return drawn.convert("RGB")


def thumbnails(image: Image) -> Iterator[tuple[str, bytes]]:
    """JPEG files without any description, by the names of their sizes."""
    for name, width, height in SIZES:
        image = shrink(image, width, height, enlarge=name == "tiny")
        image.info.clear()
        written = io.BytesIO()
        image.save(written, "JPEG", quality=QUALITY)
        yield name, written.getvalue()
