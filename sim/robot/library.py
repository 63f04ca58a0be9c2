"""The keywords: Renode's names, arguments and virtual-time semantics on the embedded engine.

``renode-keywords.robot`` beside this file imports it, so that a suite which says ``Resource  ${RENODEKEYWORDS}`` runs
on both engines. Argument names follow Renode (camelCase) because suites pass them by name.
"""

from __future__ import annotations

import atexit

from robot.api.deco import library

from sim.robot.cpu_keywords import CpuKeywords
from sim.robot.emulation_keywords import EmulationKeywords
from sim.robot.failures import Failures
from sim.robot.fault_keywords import FaultKeywords
from sim.robot.led_keywords import LedKeywords
from sim.robot.log_keywords import LogKeywords
from sim.robot.network_keywords import NetworkKeywords
from sim.robot.session import Session
from sim.robot.truth_keywords import TruthKeywords
from sim.robot.uart_keywords import UartKeywords
from sim.robot.wall_limit import wall_seconds


@library(scope="GLOBAL", auto_keywords=False)
class RenodeKeywords(
    EmulationKeywords,
    UartKeywords,
    LedKeywords,
    LogKeywords,
    NetworkKeywords,
    CpuKeywords,
    TruthKeywords,
    FaultKeywords,
):
    """One emulation at a time, as in Renode's Robot server.

    Args:
        timing: how machines count cycles; Renode's way unless told otherwise.
        lenient: device types the engine lacks are warned of instead of being errors.
        wall_limit: seconds of wall time that a keyword may take, whatever virtual time it waits for; half an hour.
    """

    def __init__(self, lenient: bool = False, timing: str = "instructions", wall_limit: object = None) -> None:
        self.session = Session(lenient, timing, wall_seconds(wall_limit))
        self.session.keywords = self
        self.ROBOT_LIBRARY_LISTENER = Failures(self.session)
        atexit.register(self.session.close)
