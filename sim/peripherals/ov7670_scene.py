# ruff: noqa: F821, PTH118, UP004, UP031
"""The photographs in front of the OV7670's lens (part of ov7670.py; IronPython 2.7 subset).

A frame folder (`frames.json`, RGB565) that the environment variable CROSSCAM_FRAMES names. "advance": "capture" shows
the next photograph once the camera interface has taken the current one whole, "vsync" at every frame. "order":
"shuffle" is the permutation that sim/frames/order.py gives for the seed. Needs `complain`.

The folder may be a stranger's: names lead to plain files inside of it, sizes are those the sensor has at most.
"""

import json
import os

from System import Environment
from System.IO import Directory, File

NOTHING = 0xFFFFFFFF
LARGEST_LISTING = 64 << 20  # bytes
MOST_WIDTH, MOST_HEIGHT = 640, 480  # the sensor's own
MOST_FRAMES = 100000
LONGEST_COMPLAINT = 160


def shortened(thing):
    """`thing` as a text that a line of a log has room for, without what a terminal would obey."""
    text = "".join([sign if 32 <= ord(sign) < 127 else "?" for sign in str(thing)])
    return text if len(text) <= LONGEST_COMPLAINT else text[:LONGEST_COMPLAINT] + "..."


class Scene(object):
    """The photographs in front of the lens."""

    def load_folder(self):
        self.folder = str(Environment.GetEnvironmentVariable("CROSSCAM_FRAMES") or "")
        self.files, self.order, self.width, self.height = [], [], 0, 0
        self.advance, self.loop, self.loaded = "capture", True, None
        if self.folder:
            try:
                self.read_list()
            except Exception as problem:
                self.files, self.order = [], []
                complain("no frames from %s: %s" % (self.folder, shortened(problem)))
        self.rewind()

    def read_list(self):
        self.folder = os.path.join(Directory.GetCurrentDirectory(), self.folder)
        path = os.path.join(self.folder, "frames.json")
        if not os.path.isfile(path) or os.path.getsize(path) > LARGEST_LISTING:
            raise ValueError("frames.json: expected a plain file of at most %d bytes" % LARGEST_LISTING)
        data = bytearray(File.ReadAllBytes(path))
        listing = json.loads("".join([chr(byte) for byte in data]))
        self.width, self.height = int(listing["width"]), int(listing["height"])
        if not 1 <= self.width <= MOST_WIDTH or not 1 <= self.height <= MOST_HEIGHT:
            raise ValueError("frames.json: expected a size of 1x1 to %dx%d" % (MOST_WIDTH, MOST_HEIGHT))
        if listing["format"] != "rgb565le" or not 1 <= len(listing["frames"]) <= MOST_FRAMES:
            raise ValueError("frames.json: expected format rgb565le and 1 to %d frames" % MOST_FRAMES)
        self.files = [self.checked(str(frame["file"])) for frame in listing["frames"]]
        self.advance, self.loop = listing.get("advance", "capture"), bool(listing.get("loop", True))
        self.order = list(range(len(self.files)))
        if listing.get("order") == "shuffle":
            self.shuffle(int(listing.get("seed", 0)))

    def checked(self, name):
        """`name`, which lies inside the folder."""
        steps = [step for step in name.split("/") if step in ("", ".", "..")]
        strange = [sign for sign in name if ord(sign) < 32 or sign == "\\"]
        root = os.path.realpath(self.folder)
        if steps or strange or not os.path.realpath(os.path.join(root, name)).startswith(os.path.join(root, "")):
            raise ValueError("frames.json: a frame outside of the folder: %r" % name)
        return name

    def shuffle(self, seed):
        """Fisher-Yates with a 32-bit linear congruential generator, as in sim/frames/order.py."""
        state = seed & 0xFFFFFFFF
        for last in range(len(self.order) - 1, 0, -1):
            state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
            other = (state >> 16) * (last + 1) >> 16
            self.order[last], self.order[other] = self.order[other], self.order[last]

    def rewind(self):
        self.position, self.captured = 0, []

    def index(self):
        return self.order[self.position] if self.order else NOTHING

    def next(self):
        """The next photograph; without "loop" the last one stays."""
        if self.position + 1 < len(self.order):
            self.position += 1
        elif self.loop:
            self.position = 0

    def row(self, line):
        """`width` RGB565 values of a row of the photograph in view, low byte first."""
        if self.index() != self.loaded:
            self.loaded = self.index()
            self.load(os.path.join(self.folder, self.files[self.loaded]))
        return self.data[line * self.width * 2 : (line + 1) * self.width * 2]

    def load(self, path):
        self.data = bytearray(self.width * self.height * 2)
        try:
            if not os.path.isfile(path):
                raise ValueError("no such file")
            if os.path.getsize(path) != len(self.data):
                raise ValueError("%d bytes, expected %d" % (os.path.getsize(path), len(self.data)))
            self.data = bytearray(File.ReadAllBytes(path))
        except Exception as problem:
            complain("frame %s: %s" % (shortened(path), shortened(problem)))
