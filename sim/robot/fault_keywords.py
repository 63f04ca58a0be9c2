"""Keywords about faults. The engine's own; Renode has nothing like it (but for a camera's, see ``fault_rows``)."""

from __future__ import annotations

from sim.faults.board import FaultBoard
from sim.faults.injector import inject
from sim.faults.order import Order
from sim.robot.session import Keywords, renode_keyword


class FaultKeywords(Keywords):
    """They do something to the present machine."""

    @renode_keyword("Inject Fault")
    def inject_fault(
        self,
        kind: str,
        *arguments: str,
        when: str = "boot",
        camera: str = "sysbus.ov7670",
        uart: str = "sysbus.usart3",
    ) -> None:
        """Have a fault set in: ``Inject Fault    camera.nack    at=12    when=frame:3``.

        ``crosscam faults`` lists the kinds with their arguments, and the moments. ``camera`` and ``uart`` are the paths
        of the camera's script and of the console, for boards where they have other names.
        """
        order = Order.parse(f"{','.join([kind, *arguments])}@{when}")
        inject(FaultBoard(self.session.machine, camera, uart), order)
