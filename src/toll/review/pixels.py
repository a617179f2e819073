"""Two versions of a picture, compared pixel by pixel."""

from __future__ import annotations

import io

from PIL import Image, ImageChops

HIGHLIGHT = (226, 0, 116)  # a magenta that no chart of the house uses
FADED = 0.75  # of what did not change, towards white
GROUND = (255, 255, 255)


def is_picture(content: bytes) -> bool:
    """Whether these are the whole bytes of a picture."""
    try:
        Image.open(io.BytesIO(content)).convert("RGB")
    except (OSError, SyntaxError, ValueError):  # Pillow raises the second for a wrong checksum
        return False
    return True


def compare(before: bytes, after: bytes) -> tuple[float, dict[str, bytes]]:
    """The share of pixels that differ, and PNGs: "before", "after" and "changed", the new picture faded with what
    differs highlighted. Either may be empty; then there is only the other."""
    views = {name: content for name, content in (("before", before), ("after", after)) if content}
    if len(views) < 2:
        return 1.0, views
    pictures = [Image.open(io.BytesIO(content)).convert("RGB") for content in (before, after)]
    size = tuple(max(sides) for sides in zip(*(picture.size for picture in pictures), strict=True))
    old, new = (_on_canvas(picture, size) for picture in pictures)
    mask = ImageChops.difference(old, new).convert("L").point(lambda value: 255 if value else 0)
    share = mask.histogram()[255] / (size[0] * size[1])
    overlay = Image.blend(new, Image.new("RGB", size, GROUND), FADED)
    overlay.paste(HIGHLIGHT, mask=mask)
    stream = io.BytesIO()
    overlay.save(stream, "PNG")
    return share, views | {"changed": stream.getvalue()}


def _on_canvas(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    canvas = Image.new("RGB", size, GROUND)
    canvas.paste(picture)
    return canvas
