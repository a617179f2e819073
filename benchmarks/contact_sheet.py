"""Tiles every PNG of a folder on one sheet, each at the width that readers see, to look at all of them at once.

python benchmarks/contact_sheet.py figures/article sheet.png
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image, ImageDraw

SHEET_WIDTH, GAP, CAPTION = 2000, 24, 16
GROUND, INK = "#8a8f98", "#ffffff"  # neither theme's ground, so that every edge shows


def contact_sheet(files: list[Path], per_row_height: int = 620) -> Image.Image:
    """The pictures in reading order, all of one height, each above its file name and size in kB."""
    tiles = []
    for file in files:
        with Image.open(file) as image:
            picture = image.convert("RGB")
        tiles.append((file, picture.resize((round(picture.width * per_row_height / picture.height), per_row_height))))
    places, x, y = [], GAP, GAP
    for _, tile in tiles:
        if x + tile.width + GAP > SHEET_WIDTH and x > GAP:
            x, y = GAP, y + per_row_height + CAPTION + GAP
        places.append((x, y))
        x += tile.width + GAP
    sheet = Image.new("RGB", (SHEET_WIDTH, y + per_row_height + CAPTION + GAP), GROUND)
    draw = ImageDraw.Draw(sheet)
    for (file, tile), (x, y) in zip(tiles, places, strict=True):
        sheet.paste(tile, (x, y))
        draw.text((x, y + per_row_height + 2), f"{file.name}, {file.stat().st_size / 1000:.0f} kB", INK)
    return sheet


if __name__ == "__main__":
    folder, target = map(Path, sys.argv[1:])
    contact_sheet(sorted(folder.glob("*.png"))).save(target)
