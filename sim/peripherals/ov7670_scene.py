# ruff: noqa: F821, PTH118, UP004, UP031
"""The photographs in front of the OV7670's lens (part of ov7670.py; IronPython 2.7 subset).

A frame folder (`frames.json`, RGB565) that the environment variable CROSSCAM_FRAMES names. "advance": "capture" shows
the next photograph once the camera interface has taken the current one whole, "vsync" at every frame. "order":
"shuffle" is the permutation that sim/frames/order.py gives for the seed. Needs `complain`.
"""

import json
import os

from System import Environment
from System.IO import File

NOTHING = 0xFFFFFFFF


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
                complain("no frames from %s: %s" % (self.folder, problem))
        self.rewind()

    def read_list(self):
        data = bytearray(File.ReadAllBytes(os.path.join(self.folder, "frames.json")))
        listing = json.loads("".join([chr(byte) for byte in data]))
        self.width, self.height = int(listing["width"]), int(listing["height"])
        self.files = [str(frame["file"]) for frame in listing["frames"]]
        if listing["format"] != "rgb565le" or not self.files or self.width < 1 or self.height < 1:
            raise ValueError("frames.json: expected format rgb565le, a size and at least one frame")
        self.advance, self.loop = listing.get("advance", "capture"), bool(listing.get("loop", True))
        self.order = list(range(len(self.files)))
        if listing.get("order") == "shuffle":
            self.shuffle(int(listing.get("seed", 0)))

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
            data = bytearray(File.ReadAllBytes(path))
            if len(data) != len(self.data):
                raise ValueError("%d bytes, expected %d" % (len(data), len(self.data)))
            self.data = data
        except Exception as problem:
            complain("frame %s: %s" % (path, problem))
