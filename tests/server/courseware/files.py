"""Small files for tests: PDFs written by hand, pictures, and what people build to do harm."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

SLIDE = (720.0, 405.0)


def pdf(
    pages: Sequence[str] = ("BT /F1 60 Tf 60 300 Td (1/2) Tj ET",),
    size: tuple[float, float] = SLIDE,
    font: str = "Helvetica",
    extra: str = "",
) -> bytes:
    """A PDF (ISO 32000-1) whose pages have these contents; its one font lies not in the file."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R {extra} >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        f"<< /Type /Font /Subtype /TrueType /BaseFont /{font} /Encoding /WinAnsiEncoding >>",
    ]
    for n, content in enumerate(pages):
        box = f"/MediaBox [0 0 {size[0]} {size[1]}]"
        objects.append(f"<< /Type /Page /Parent 2 0 R {box} /Contents {5 + 2 * n} 0 R /Resources << /Font << /F1 3 0 R >> >> >>")
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    return _pdf(objects)


def _pdf(objects: Sequence[str], trailer: str = "") -> bytes:
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    begin = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{place:010} 00000 n \n".encode() for place in places)
    out += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R {trailer} >>\nstartxref\n{begin}\n%%EOF\n".encode()
    return bytes(out)


def locked_pdf() -> bytes:
    """A PDF that asks for a password: standard security handler, revision 3, with keys nobody's password makes."""
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] >>",
        f"<< /Filter /Standard /V 2 /R 3 /Length 128 /P -44 /O <{'11' * 32}> /U <{'22' * 32}> >>",
    ]
    return _pdf(objects, f"/Encrypt 4 0 R /ID [<{'33' * 16}> <{'33' * 16}>]")


def endless_pdf() -> bytes:
    """A page that draws another thing, that draws another ten times, and so on for ever, as far as anybody waits."""
    levels = 30
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 500 500] /Contents 4 0 R /Resources << /XObject << /X 5 0 R >> >> >>",
        "<< /Length 5 >>\nstream\n/X Do\nendstream",
    ]
    for level in range(levels):
        draws = "/X Do " * 10 if level < levels - 1 else "0 0 400 400 re f "
        resources = f"/Resources << /XObject << /X {6 + level} 0 R >> >>" if level < levels - 1 else ""
        head = f"/Type /XObject /Subtype /Form /BBox [0 0 500 500] {resources} /Length {len(draws)}"
        objects.append(f"<< {head} >>\nstream\n{draws}\nendstream")
    return _pdf(objects)


def picture(width: int = 320, height: int = 200, kind: str = "png", channels: int = 3) -> bytes:
    """A picture with something in it."""
    rows = np.linspace(0, 255, height, dtype=np.uint8)[:, None, None]
    pixels = np.ascontiguousarray(np.broadcast_to(rows, (height, width, channels)))
    done, data = cv2.imencode(f".{kind}", pixels)
    assert done
    return data.tobytes()


def noise(width: int = 1600, height: int = 900) -> bytes:
    """The picture that is hardest to keep small."""
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)
    done, data = cv2.imencode(".png", pixels)
    assert done
    return data.tobytes()
