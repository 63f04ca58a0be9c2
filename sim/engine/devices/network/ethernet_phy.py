"""A PHY behind the management interface: the 32 registers of IEEE 802.3 clause 22.

Each register is a property of the name it has in Renode's ``Network.EthernetPhysicalLayer`` (``Id1``,
``BasicStatus`` ...), for descriptions to set. As a PHY does, beyond Renode (which only reads): reset and restarting
auto-negotiation clear themselves, control, advertisement and vendor registers keep what is written, loop back is
seen by the controller, and ``LinkUp false`` pulls the cable. Interrupt pins, extended pages and energy states are
not modelled.
"""

from __future__ import annotations

from typing import Any, overload

from sim.engine.devices.base import Device, Services

_RESET, _LOOP_BACK, _RESTART = 1 << 15, 1 << 14, 1 << 9
_LINK_UP, _NEGOTIATED = 1 << 2, 1 << 5
_READ_ONLY = frozenset((1, 2, 3, 5, 6, 8, 10, 15))


class _RegisterProperty:
    """A register as an attribute of its PHY; what is set there is also what a reset restores."""

    def __init__(self, number: int) -> None:
        self._number = number

    @overload
    def __get__(self, phy: None, owner: type) -> _RegisterProperty: ...

    @overload
    def __get__(self, phy: EthernetPhysicalLayer, owner: type) -> int: ...

    def __get__(self, phy: EthernetPhysicalLayer | None, owner: type) -> Any:
        return self if phy is None else phy.read_register(self._number)

    def __set__(self, phy: EthernetPhysicalLayer, value: int) -> None:
        phy.set_register(self._number, value)


class EthernetPhysicalLayer(Device):
    """Child of an Ethernet controller, at its management address."""

    RENODE_TYPES = ("Network.EthernetPhysicalLayer",)
    RENODE_MEMBERS = (
        "LinkUp", "AutoNegotiationAdvertisement", "AutoNegotiationExpansion",
        "AutoNegotiationLinkPartnerBasePageAbility", "AutoNegotiationLinkPartnerReceivedNextPage",
        "AutoNegotiationNextPageTransmit", "BasicControl", "BasicStatus", "ExtendedStatus", "Id1", "Id2",
        "MDIOManageableDeviceAcceddAddressData", "MDIOManageableDeviceAccessControl", "MasterSlaveControl",
        "MasterSlaveStatus", "PowerSourcingEquipmentControl", "PowerSourcingEquipmentStatus", "VendorSpecific0",
        "VendorSpecific1", "VendorSpecific2", "VendorSpecific3", "VendorSpecific4", "VendorSpecific5",
        "VendorSpecific6", "VendorSpecific7", "VendorSpecific8", "VendorSpecific9", "VendorSpecific10",
        "VendorSpecific11", "VendorSpecific12", "VendorSpecific13", "VendorSpecific14", "VendorSpecific15",
    )  # fmt: skip

    basic_control = _RegisterProperty(0)
    basic_status = _RegisterProperty(1)
    id1 = _RegisterProperty(2)
    id2 = _RegisterProperty(3)
    auto_negotiation_advertisement = _RegisterProperty(4)
    auto_negotiation_link_partner_base_page_ability = _RegisterProperty(5)
    auto_negotiation_expansion = _RegisterProperty(6)
    auto_negotiation_next_page_transmit = _RegisterProperty(7)
    auto_negotiation_link_partner_received_next_page = _RegisterProperty(8)
    master_slave_control = _RegisterProperty(9)
    master_slave_status = _RegisterProperty(10)
    power_sourcing_equipment_control = _RegisterProperty(11)
    power_sourcing_equipment_status = _RegisterProperty(12)
    mdio_manageable_device_access_control = _RegisterProperty(13)
    mdio_manageable_device_accedd_address_data = _RegisterProperty(14)  # Renode's spelling
    extended_status = _RegisterProperty(15)
    vendor_specific0 = _RegisterProperty(16)
    vendor_specific1 = _RegisterProperty(17)
    vendor_specific2 = _RegisterProperty(18)
    vendor_specific3 = _RegisterProperty(19)
    vendor_specific4 = _RegisterProperty(20)
    vendor_specific5 = _RegisterProperty(21)
    vendor_specific6 = _RegisterProperty(22)
    vendor_specific7 = _RegisterProperty(23)
    vendor_specific8 = _RegisterProperty(24)
    vendor_specific9 = _RegisterProperty(25)
    vendor_specific10 = _RegisterProperty(26)
    vendor_specific11 = _RegisterProperty(27)
    vendor_specific12 = _RegisterProperty(28)
    vendor_specific13 = _RegisterProperty(29)
    vendor_specific14 = _RegisterProperty(30)
    vendor_specific15 = _RegisterProperty(31)

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self._initial = [0] * 32
        self._initial[1] = _LINK_UP | _NEGOTIATED
        self._registers = list(self._initial)
        self.link_up = True
        """Whether a cable with a partner at its end is plugged in (``LinkUp``)."""

    def set_register(self, number: int, value: int) -> None:
        """What a description or the monitor says register ``number`` is, now and after a reset."""
        self._registers[number] = self._initial[number] = value & 0xFFFF

    def read_register(self, number: int) -> int:
        """A management read, 16 bits."""
        value = self._registers[number & 31]
        if number & 31 == 1 and not self.link_up:
            value &= ~(_LINK_UP | _NEGOTIATED)
        return value

    def write_register(self, number: int, value: int) -> None:
        """A management write."""
        number &= 31
        if number in _READ_ONLY:
            self.log.warning("write of 0x%04X to register %d, which can only be read", value, number)
        elif number == 0 and value & _RESET:
            self._registers = list(self._initial)
        else:
            self._registers[number] = value & 0xFFFF & (~_RESTART if number == 0 else 0xFFFF)

    @property
    def loops_back(self) -> bool:
        """Whether frames sent come back."""
        return bool(self._registers[0] & _LOOP_BACK)

    def reset(self) -> None:
        """Registers as the description has them; the cable stays."""
        self._registers = list(self._initial)
