"""Files of strangers that are no board: frame lists, annotations, firmware, pictures, logs, snapshots."""

from __future__ import annotations

import contextlib
import io
import json
import struct
from pathlib import Path
from typing import ClassVar

from sim.bringup.image import read_image
from sim.engine.elf_parts import ElfParts
from sim.engine.scripting import new_scope
from sim.engine.scripting.compiler import compile_script
from sim.errors import CrosscamError
from sim.frames.annotations import read_photos
from sim.frames.convert import open_photo, to_frame
from sim.frames.folder import FrameFolder
from sim.fuzz.target import Target
from sim.mlperf_log import HardwareLog
from sim.reading import UnreadableError
from sim.robot.library import RenodeKeywords
from sim.robot.snapshots import FORMAT, KeywordSnapshots

_SCENE = Path(__file__).parents[1] / "peripherals" / "ov7670_scene.py"
_FRAME = bytes(320 * 240 * 2)
_LISTING = {
    "format": "rgb565le", "width": 320, "height": 240, "set": "demo", "order": "shuffle", "seed": 5, "loop": True,
    "advance": "capture",
    "frames": [
        {"file": "0000.rgb565", "source": "a.jpg", "labels": ["person"], "license": "CC0"},
        {"file": "0001.rgb565", "source": "b/c.jpg", "labels": None, "license": ""},
    ],
}  # fmt: skip
_ANNOTATIONS = {
    "images": [{"id": 1, "file_name": "1.jpg", "width": 10, "height": 10, "license": 1, "coco_url": "http://x/1.jpg"}],
    "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "area": 60.5, "iscrowd": 0}],
    "categories": [{"id": 1, "name": "person"}, {"id": 3, "name": "car"}],
    "licenses": [{"id": 1, "name": "CC0"}],
}


class FileTarget(Target):
    """A reader of files: ``run`` writes ``data`` to ``FILE`` first."""

    FILE: ClassVar[str] = "input"
    WORDS: ClassVar[tuple[str, ...]] = (
        "null", "true", "{}", "[]", "-1", "1e999", "NaN", "Infinity", '""', '"\\ud800"', '"\\u0000"', '"../x"',
        '"/etc"', '"car"', "[[[[", '{"a":', "9" * 5000, "1e308", '"file":', '"id":', ",",
    )  # fmt: skip

    def run(self, data: bytes) -> None:
        """Read ``data`` as a file."""
        path = Path(self.FILE)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        self.read(path)

    def read(self, path: Path) -> None:
        """Read ``path``; CrosscamError when it is refused."""
        raise NotImplementedError


class FrameLists(FileTarget):
    """``frames.json``, and the same folder as the camera script sees it."""

    NAME = "frames_json"
    FILE = "frames/frames.json"

    def corpus(self) -> list[bytes]:
        """A folder of two."""
        return [json.dumps(_LISTING).encode()]

    def read(self, path: Path) -> None:
        """Open the folder."""
        for name in ("0000.rgb565", "0001.rgb565"):
            frame = path.with_name(name)
            if not frame.is_file():
                frame.write_bytes(_FRAME)
        self.open(path.parent)

    def open(self, folder: Path) -> None:
        """Every frame once."""
        frames = FrameFolder.open(folder)
        for index in frames.play_order()[:4]:
            frames.pixels(index)


class CameraFolders(FrameLists):
    """What the camera complains of is an error here."""

    NAME = "camera_frames"

    def __init__(self) -> None:
        self._complaints: list[str] = []
        scope = new_scope(complain=self._complaints.append)
        compile_script(_SCENE.read_text(), str(_SCENE), scope)()
        self._scene = scope["Scene"]()

    def open(self, folder: Path) -> None:
        """Look at a few frames."""
        self._complaints.clear()
        scope = type(self._scene).load_folder.__globals__
        scope["Environment"].SetEnvironmentVariable("CROSSCAM_FRAMES", str(folder))
        self._scene.load_folder()
        for _ in range(3):
            if self._scene.files:
                self._scene.row(0)
                self._scene.next()
        if self._complaints:
            raise CrosscamError(self._complaints[0])


class Annotations(FileTarget):
    """COCO's JSON."""

    NAME = "coco_sim"

    def corpus(self) -> list[bytes]:
        """One image."""
        return [json.dumps(_ANNOTATIONS).encode()]

    def read(self, path: Path) -> None:
        """All photographs."""
        list(read_photos(path))


class ElfFiles(FileTarget):
    """ELF files, raw bytes."""

    NAME = "elf"
    WORDS: ClassVar[tuple[str, ...]] = ("\x7fELF", "\0\0\0\0", "\x7f\x7f\x7f\x7f", ".symtab", "\2\0\0\0", "\x08")

    def corpus(self) -> list[bytes]:
        """One segment and a symbol table."""
        code, strings, names = bytes(64), b"\0main\0$t\0", b"\0.symtab\0.strtab\0.shstrtab\0.vectors\0"
        rows = ((0, 0, 0, 0, 0, 0), (1, 0x08000011, 8, 2, 0, 4), (6, 0, 0, 0, 0, 4))
        table = b"".join(struct.pack("<IIIBBH", *row) for row in rows)
        at = 148 + len(table)
        sections = (
            (0,) * 10,
            (1, 2, 0, 0, 148, len(table), 2, 1, 4, 16),
            (9, 3, 0, 0, at, len(strings), 0, 0, 1, 0),
            (17, 3, 0, 0, at + len(strings), len(names), 0, 0, 1, 0),
            (27, 1, 2, 0x08000000, 84, 64, 0, 0, 4, 0),
        )
        start = at + len(strings) + len(names)
        magic = b"\x7fELF\x01\x01\x01" + bytes(9)
        header = struct.pack("<16sHHIIIIIHHHHHH", magic, 2, 40, 1, 0x08000011, 52, start, 0, 52, 32, 1, 40, 5, 3)
        segment = struct.pack("<8I", 1, 84, 0x08000000, 0x08000000, 64, 64, 5, 4)
        tail = b"".join(struct.pack("<10I", *each) for each in sections)
        return [header + segment + code + table + strings + names + tail]

    def run(self, data: bytes) -> None:
        """Without a file: four times as fast."""
        try:
            ElfParts(data)
        except UnreadableError as error:
            raise CrosscamError(str(error)) from error


class FirmwareFiles(ElfFiles):
    """Whatever ``crosscam boot`` is given: ELF, Intel HEX, raw."""

    NAME = "firmware"
    WORDS = (":00000001FF", ":020000040800F2", ":10", "\n", "FF")

    def corpus(self) -> list[bytes]:
        """An ELF and a HEX file."""
        records = ":020000040800F2\n:04000000DEADBEEFC4\n:0400000508000101ED\n:00000001FF\n"
        return [*super().corpus(), *[records.encode()] * 3]

    def run(self, data: bytes) -> None:
        """As a file."""
        FileTarget.run(self, data)

    def read(self, path: Path) -> None:
        """As ``boot`` does."""
        read_image(path)


class Pictures(FileTarget):
    """Photographs of every format."""

    NAME = "pictures"
    WORDS = ("\xff\xd8", "JFIF", "IHDR", "GIF89a", "\0\0\0\0", "%!PS-Adobe-3.0 EPSF-3.0\n")

    def corpus(self) -> list[bytes]:
        """The same small one in each."""
        from PIL import Image

        small = Image.linear_gradient("L").resize((24, 16)).convert("RGB")
        found = []
        for kind in ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP"):
            data = io.BytesIO()
            small.save(data, format=kind)
            found.append(data.getvalue())
        return found

    def read(self, path: Path) -> None:
        """To a frame."""
        to_frame(open_photo(path))


class Logs(FileTarget):
    """The benchmark runner's log."""

    NAME = "mlperf_log"
    WORDS = ('Command "dut infer 1 0"', "m-lap-us-1000", "m-results-[0.1,x]", "9" * 5000, "nan", "1e999")

    def corpus(self) -> list[bytes]:
        """One run."""
        lines = ('Command "bload dut "/a/x.bin" 0 10"', 'Command "dut infer 10 1"', "m-lap-us-5", "m-lap-us-9")
        return ["\n".join((*lines, "m-results-[0.25,0.75]")).encode()]

    def read(self, path: Path) -> None:
        """All of it."""
        HardwareLog.read(path)


class SavedStates(FileTarget):
    """Snapshots without a keyword that does something."""

    NAME = "snapshot"
    RENEW_EVERY = 100

    def __init__(self) -> None:
        self._snapshots = KeywordSnapshots(RenodeKeywords().session)

    def corpus(self) -> list[bytes]:
        """Nothing was done, and one log entry."""
        step = {"keyword": "hard_reset_nothing", "positional": [], "named": {}}
        good = {"format": FORMAT, "timing": "instructions", "files": {}, "steps": []}
        return [json.dumps(good).encode(), json.dumps({**good, "steps": [step]}).encode()]

    def read(self, path: Path) -> None:
        """Restore it."""
        with contextlib.redirect_stdout(io.StringIO()):
            self._snapshots.load(path)
