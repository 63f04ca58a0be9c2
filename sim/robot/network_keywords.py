"""Keywords about network interfaces."""
# ruff: noqa: N803 - argument names are Renode's, suites pass them by name

from __future__ import annotations

from sim.robot.network_tester import NetworkTester
from sim.robot.session import Keywords, Replay, renode_keyword
from sim.robot.terminal_tester import Result


class NetworkKeywords(Keywords):
    """Times are seconds of virtual time, time stamps of frames are milliseconds; no frame leaves or enters the host."""

    @renode_keyword("Create Network Interface Tester", Replay.ALWAYS)
    def create_network_interface_tester(self, networkInterface: str, machine: str | None = None) -> int:
        """Listen to an Ethernet controller; returns the tester's number."""
        make = NetworkTester
        chosen = self.session.machine_named(machine)
        return self.session.networks.create(f"{chosen.name}:{networkInterface}", lambda: make(chosen, networkInterface))

    @renode_keyword("Wait For Outgoing Packet")
    def wait_for_outgoing_packet(self, timeout: float, testerId: int | None = None) -> Result:
        """Run until a frame is sent."""
        found = self.session.networks.get(testerId).next_frame(timeout)
        if found is None:
            raise AssertionError(f"No packet received in the expected time frame: {timeout} s")
        return found

    @renode_keyword("Wait For Outgoing Packet With Bytes At Index")
    def wait_for_outgoing_packet_with_bytes_at_index(
        self, bytes: str, index: int, maxPackets: int, timeout: float, testerId: int | None = None
    ) -> Result:
        """Run until a frame with ``bytes`` (hexadecimal, ``_`` for any digit) at ``index`` is sent."""
        found = self.session.networks.get(testerId).matching_frame(bytes, index, maxPackets, timeout)
        if found is None:
            limits = f"{maxPackets} packets, {timeout} s"
            raise AssertionError(f"Requested packet not received in the expected time frame: {limits}")
        return found

    @renode_keyword("Send Frame")
    def send_frame(self, bytes: str, testerId: int | None = None) -> None:
        """Let a frame arrive at the controller."""
        self.session.networks.get(testerId).interface.receive_frame(bytes)
