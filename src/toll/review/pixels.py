"""Two versions of a picture, compared pixel by pixel."""

from __future__ import annotations

import io

from PIL import Image, ImageChops

from toll.problems import Problem, Problems, Where

HIGHLIGHT = (226, 0, 116)  # a magenta that no chart of the house uses
FADED = 0.75  # of what did not change, towards white
GROUND = (255, 255, 255)


def compare(before: bytes, after: bytes, where: str) -> tuple[str, bytes]:
    """The share of pixels that differ, in words; empty if none does. With it goes the new picture as a PNG, faded, with
    what differs highlighted. Raises Problems if a file is damaged."""
    pictures = [_read(content, where) for content in (before, after)]
    size = tuple(max(sides) for sides in zip(*(picture.size for picture in pictures), strict=True))
    old, new = (_on_canvas(picture, size) for picture in pictures)
    mask = ImageChops.difference(old, new).convert("L").point(lambda value: 255 if value else 0)
    share = mask.histogram()[255] / (size[0] * size[1])
    overlay = Image.blend(new, Image.new("RGB", size, GROUND), FADED)
    overlay.paste(HIGHLIGHT, mask=mask)
    stream = io.BytesIO()
    overlay.save(stream, "PNG")
    return f"{share:.1%} of the pixels differ" if share else "", stream.getvalue()


def _read(content: bytes, where: str) -> Image.Image:
    try:
        return Image.open(io.BytesIO(content)).convert("RGB")
    except (OSError, SyntaxError, ValueError):  # Pillow raises the second for a wrong checksum
        hint = "Restore it with git, or run `toll run --force`."
        raise Problems([Problem(Where(where), "The file is damaged: it is no picture.", hint)]) from None


def _on_canvas(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    canvas = Image.new("RGB", size, GROUND)
    canvas.paste(picture)
    return canvas
