"""Takes one page out of a PDF: a program of its own, run in a confined process, never imported by the server.

It sees one file, and what it writes is taken for what anybody may have written: the line `page LENGTH` and the PDF in
lines of base64, or one line `none REASON`.
"""

from __future__ import annotations

import base64
import io
import os
import sys

PART = 45 << 10


def main(path: str, number: int) -> None:
    """Writes a page, counted from 1, or why there is none. Raises `MemoryError`."""
    import pypdfium2

    try:
        source = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        print("none it is protected by a password" if "password" in str(error).lower() else "none it is no PDF")
        return
    if not 1 <= number <= len(source):
        print("none there is no such page")
        return
    try:
        alone = pypdfium2.PdfDocument.new()
        alone.import_pages(source, [number - 1])
        written = io.BytesIO()
        alone.save(written)
    except pypdfium2.PdfiumError:
        print("none it is damaged")
        return
    content = written.getvalue()
    print("page", len(content))
    for place in range(0, len(content), PART):
        print(base64.b64encode(content[place : place + PART]).decode())


if __name__ == "__main__":
    os.nice(10)
    main(sys.argv[1], int(sys.argv[2]))
