"""Make the moving picture of the book's first page: book/_static/intro.mp4 and its still, intro.png.

Two clips of four seconds, one drawn from sprites and one from the film. Beside each stand the answer of one 3 × 3
filter and an x-t slice: one row of pixels, stacked frame under frame, so that speed becomes slope.

    python book/intro_clip.py
"""

from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from cnnlib.data import FILM_FPS, enemy, load_film, sprite, tile
from cnnlib.ops import conv2d
from cnnlib.video import write

STATIC = Path(__file__).parent / "_static"
FONT = ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf"), 12)
T, H, W = 96, 144, 256
GAP, LABEL = 8, 22
SKY, PAPER, INK = (190, 225, 245), (255, 255, 255), (40, 40, 40)
EDGE = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], np.float32)  # answers where brightness changes from left to right


def scaled(picture, height):
    """One RGBA array as a Pillow image of the given height in pixels."""
    image = Image.fromarray(picture)
    return image.resize((round(image.width * height / image.height), height), Image.Resampling.LANCZOS)


def sprite_clip():
    """A robot walks to the right and a bee flies to the left through a scene that stands still: uint8 (T,H,W,3)."""
    scene = Image.new("RGB", (W, H), SKY)
    for column in range(W // 32):
        scene.paste(scaled(tile("grassMid"), 32), (column * 32, H - 32))
    for name, left in (("cactus", 40), ("bush", 120), ("mushroomRed", 208)):
        thing = scaled(tile(name), 32)
        scene.paste(thing, (left, H - 64), thing)
    frames = []
    for t in range(T):
        frame = scene.copy()
        robot = scaled(sprite("robot", f"walk{t // 3 % 8}"), 80)
        bee = scaled(enemy("bee"), 32)
        frame.paste(robot, (t * (W + 64) // T - 64, H - 112), robot)
        frame.paste(bee, (W - t * (W + 32) // T, 46 + t // 6 % 2 * 2), bee)
        frames.append(np.asarray(frame))
    return np.stack(frames)


def edges(clip):
    """Size of the filter's answer at every pixel of every frame, as grey uint8 (T,H,W,3)."""
    grey = clip.mean(axis=3, dtype=np.float32)[..., None] / 255
    answer = np.abs(conv2d(grey, EDGE[:, :, None, None], padding=1))
    answer[:, [0, -1]] = answer[:, :, [0, -1]] = 0  # at the border the filter sees the padding, not the picture
    return np.repeat(np.uint8(255 * np.clip(answer / 1.5, 0, 1)), 3, axis=3)


def slices(clip, row):
    """The x-t picture of one row as it grows, one line of pixels per frame: uint8 (T,H,W,3)."""
    whole = np.asarray(Image.fromarray(clip[:, row]).resize((W, H), Image.Resampling.NEAREST))
    shown = np.full((len(clip), H, W, 3), 235, np.uint8)
    for t in range(len(clip)):
        lines = (t + 1) * H // len(clip)
        shown[t, :lines] = whole[:lines]
    return shown


def with_row(clip, row):
    """The clip with the row that the slice takes marked in red."""
    marked = clip.copy()
    marked[:, row] = (220, 30, 60)
    return marked


def sheet():
    """All six panels with their titles: uint8 (T, height, width, 3)."""
    film = load_film(384, 384 + T, size=(H, W))
    page = Image.new("RGB", (3 * W + 4 * GAP, 2 * (H + LABEL) + GAP), PAPER)
    write_on = ImageDraw.Draw(page)
    places = []
    for r, kind in enumerate(("sprites", "film")):
        for c, title in enumerate((f"clip: {kind}", "one 3 × 3 filter", "x–t slice: the red row over time")):
            left, top = GAP + c * (W + GAP), LABEL + r * (H + LABEL)
            write_on.text((left, top - LABEL + 4), title, INK, FONT)
            places.append((left, top))
    panels = [panel for clip, row in ((sprite_clip(), 70), (film, 62))
              for panel in (with_row(clip, row), edges(clip), slices(clip, row))]
    pages = np.repeat(np.asarray(page)[None], T, axis=0)
    for (left, top), panel in zip(places, panels, strict=True):
        pages[:, top:top + H, left:left + W] = panel
    return pages


if __name__ == "__main__":
    pages = sheet()
    STATIC.mkdir(exist_ok=True)
    write(STATIC / "intro.mp4", pages, fps=FILM_FPS, quality=28)
    still = Image.fromarray(pages[62]).quantize(200, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    still.save(STATIC / "intro.png", optimize=True)
