"""AES and the H7's cryptographic processor against the standards' vectors."""

from __future__ import annotations

import pytest

from sim.engine.devices.crypto.aes import Aes, galois_product
from sim.engine.devices.crypto.stm32h7_crypto import Stm32H7Crypto
from sim.engine.devices.dma.stm32_dma import Stm32Dma
from sim.engine.machine import Machine
from sim.engine.platform import load_repl_string
from sim.errors import CrosscamError
from sim.tests.fake_services import FakeServices

CR, SR, DIN, DOUT, DMACR, IMSCR, RISR, MISR, KEYS, VECTORS, CONTEXT7 = (
    0x00, 0x04, 0x08, 0x0C, 0x10, 0x14, 0x18, 0x1C, 0x20, 0x40, 0x6C,
)  # fmt: skip
DECRYPT, FLUSH, ENABLE = 1 << 2, 1 << 14, 1 << 15
ECB, CBC, CTR, PREPARE, GCM, CCM = 4 << 3, 5 << 3, 6 << 3, 7 << 3, 1 << 19, 1 << 19 | 1 << 3
INIT, HEADER, PAYLOAD, FINAL = 0, 1 << 16, 2 << 16, 3 << 16

# FIPS 197, appendix C
PLAIN = bytes.fromhex("00112233445566778899aabbccddeeff")
CIPHERS = {
    16: "69c4e0d86a7b0430d8cdb78070b4c55a",
    24: "dda97ca4864cdfe06eaf70a0ec0d7191",
    32: "8ea2b7ca516745bfeafc49904b496089",
}
# NIST SP 800-38A, appendix F
KEY = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
TEXT = bytes.fromhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")
# The GCM specification's test case 4
GCM_KEY = bytes.fromhex("feffe9928665731c6d6a8f9467308308")
GCM_NONCE = bytes.fromhex("cafebabefacedbaddecaf888")
GCM_AAD = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
GCM_PLAIN = bytes.fromhex(
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
)
GCM_CIPHER = bytes.fromhex(
    "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
    "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
)
GCM_TAG = bytes.fromhex("5bc94fbc3221a5db94fae95ae7121a47")


@pytest.mark.parametrize("length", [16, 24, 32])
def test_aes_of_the_standard(length: int) -> None:
    cipher = Aes(bytes(range(length)))
    assert cipher.encrypt(PLAIN).hex() == CIPHERS[length]
    assert cipher.decrypt(bytes.fromhex(CIPHERS[length])) == PLAIN


def test_key_length_is_checked() -> None:
    with pytest.raises(CrosscamError, match="expected 16, 24 or 32"):
        Aes(b"short")


def test_galois_product_of_the_gcm_specification() -> None:
    """Test case 2: X1 = C1 * H."""
    hash_key, cipher = 0x66E94BD4EF8A2C3B884CFA59CA342B2E, 0x0388DACE60B6A392F328C2B971B2FE78
    assert galois_product(cipher, hash_key) == 0x5E2EC746917062882C85B0685353DEB7


class Bench:
    def __init__(self, key: bytes = KEY, vector: bytes = bytes(16)) -> None:
        self.services = FakeServices()
        self.unit = Stm32H7Crypto(self.services, "crypto")
        words = [int.from_bytes(key[place : place + 4], "big") for place in range(0, len(key), 4)]
        for index, word in enumerate(words):
            self.set(KEYS + 4 * (8 - len(words) + index), word)
        for index in range(4):
            self.set(VECTORS + 4 * index, int.from_bytes(vector[4 * index : 4 * index + 4], "big"))
        self.size = {16: 0, 24: 1, 32: 2}[len(key)] << 8

    def set(self, offset: int, value: int) -> None:
        self.unit.write(offset, 4, value)

    def get(self, offset: int) -> int:
        return self.unit.read(offset, 4)

    def control(self, value: int) -> None:
        self.set(CR, value | self.size)

    def put(self, data: bytes) -> None:
        data += bytes(-len(data) % 16)
        for place in range(0, len(data), 4):
            self.set(DIN, int.from_bytes(data[place : place + 4], "big"))

    def take(self, count: int = 16) -> bytes:
        return b"".join(self.get(DOUT).to_bytes(4, "big") for _ in range(0, count, 4))

    def run(self, data: bytes) -> bytes:
        """Block by block, as drivers do; blocks padded with zeros."""
        result = b""
        for place in range(0, len(data), 16):
            self.put(data[place : place + 16])
            result += self.take()
        return result[: len(data)]


@pytest.mark.parametrize("length", [16, 24, 32])
def test_ecb(length: int) -> None:
    bench = Bench(bytes(range(length)))
    bench.control(ECB | ENABLE)
    assert bench.run(PLAIN).hex() == CIPHERS[length]
    bench.control(PREPARE)
    bench.control(PREPARE | ENABLE)
    assert not bench.get(CR) & ENABLE, "key preparation is over at once"
    bench.control(ECB | DECRYPT | ENABLE)
    assert bench.run(bytes.fromhex(CIPHERS[length])) == PLAIN


def test_cbc() -> None:
    vector = bytes(range(16))
    cipher = bytes.fromhex("7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2")
    for direction, data, expected in ((0, TEXT, cipher), (DECRYPT, cipher, TEXT)):
        bench = Bench(KEY, vector)
        bench.control(CBC | direction | ENABLE)
        assert bench.run(data) == expected
        assert bench.get(VECTORS + 12) == int.from_bytes(cipher[-4:], "big"), "the chain is in the IV registers"


def test_ctr() -> None:
    bench = Bench(KEY, bytes(range(0xF0, 0x100)))
    bench.control(CTR | ENABLE)
    expected = "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
    assert bench.run(TEXT).hex() == expected
    assert bench.get(VECTORS + 12) == 0xFCFDFF01


@pytest.mark.parametrize("kind", [1, 2, 3])
def test_data_swapping(kind: int) -> None:
    """Half-words, bytes, bits: what comes out is swapped like what went in."""
    plain, swapped = Bench(), Bench()
    plain.control(ECB | ENABLE)
    swapped.control(ECB | kind << 6 | ENABLE)
    for index in range(4):
        word = 0x00112233 * (index + 1) & 0xFFFFFFFF
        plain.set(DIN, swap(word, kind))
        swapped.set(DIN, word)
    assert [swap(plain.get(DOUT), kind) for _ in range(4)] == [swapped.get(DOUT) for _ in range(4)]


def swap(word: int, kind: int) -> int:
    width = {1: 16, 2: 8, 3: 1}[kind]
    bits = f"{word:032b}"
    return int("".join(bits[place : place + width] for place in range(32 - width, -1, -width)), 2)


def test_fifo_status_and_interrupts() -> None:
    bench = Bench()
    assert bench.get(SR) == 3 and bench.get(RISR) == 1
    bench.set(IMSCR, 3)
    assert not bench.unit.irq.value, "off: it wants no input"
    bench.control(ECB)
    bench.put(PLAIN)
    assert bench.get(SR) == 2 and bench.get(RISR) == 0
    bench.control(ECB | ENABLE)
    assert bench.get(SR) == 1 | 2 | 4 and bench.get(MISR) == 3 and bench.unit.irq.value
    bench.put(PLAIN + PLAIN)
    assert bench.get(SR) == 2 | 4 | 8, "the third block waits for room"
    bench.take(48)
    assert bench.get(SR) == 3
    bench.put(PLAIN)
    bench.control(ECB | FLUSH)
    assert bench.get(SR) == 3


def gcm(bench: Bench, aad: bytes, direction: int) -> None:
    bench.control(GCM | INIT | direction | ENABLE)
    assert not bench.get(CR) & ENABLE, "the initialisation phase ends itself"
    bench.control(GCM | HEADER | direction | ENABLE)
    bench.put(aad)
    bench.control(GCM | HEADER | direction)


def tag(bench: Bench, aad: int, text: int) -> bytes:
    bench.control(GCM | FINAL)
    bench.control(GCM | FINAL | ENABLE)
    bench.put((8 * aad).to_bytes(8, "big") + (8 * text).to_bytes(8, "big"))
    return bench.take()


@pytest.mark.parametrize(
    ("direction", "text", "expected"), [(0, GCM_PLAIN, GCM_CIPHER), (DECRYPT, GCM_CIPHER, GCM_PLAIN)]
)
def test_gcm_with_padding_bytes_named(direction: int, text: bytes, expected: bytes) -> None:
    bench = Bench(GCM_KEY, GCM_NONCE + b"\0\0\0\2")
    gcm(bench, GCM_AAD, direction)
    bench.control(GCM | PAYLOAD | direction | ENABLE)
    found = bench.run(text[:48])
    bench.control(GCM | PAYLOAD | direction | 4 << 20 | ENABLE)
    found += bench.run(text[48:])
    assert found == expected
    assert tag(bench, len(GCM_AAD), len(text)) == GCM_TAG


def test_gcm_short_last_block_on_older_silicon() -> None:
    """RM0433 35.4.8: the last block in CTR mode, its result through the final phase once more."""
    bench = Bench(GCM_KEY, GCM_NONCE + b"\0\0\0\2")
    gcm(bench, GCM_AAD, 0)
    bench.control(GCM | PAYLOAD | ENABLE)
    found = bench.run(GCM_PLAIN[:48])
    bench.control(GCM | PAYLOAD)
    bench.set(VECTORS + 12, bench.get(CONTEXT7) - 1)
    bench.control(CTR | PAYLOAD)
    bench.control(CTR | PAYLOAD | ENABLE)
    last = bench.run(GCM_PLAIN[48:])
    assert found + last == GCM_CIPHER
    bench.control(GCM | FINAL | ENABLE)
    bench.put(last)
    bench.take()
    assert tag(bench, len(GCM_AAD), len(GCM_PLAIN)) == GCM_TAG


@pytest.mark.parametrize("direction", [0, DECRYPT])
def test_ccm(direction: int) -> None:
    """NIST SP 800-38C, example 2."""
    nonce, aad, plain = bytes(range(0x10, 0x18)), bytes(range(16)), bytes(range(0x20, 0x30))
    cipher = bytes.fromhex("d2a1f0e051ea5f62081a7792073d593d")
    bench = Bench(bytes(range(0x40, 0x50)), b"\x06" + nonce + bytes(6) + b"\1")
    bench.control(CCM | INIT | direction | ENABLE)
    assert bench.get(CR) & ENABLE
    bench.put(b"\x56" + nonce + bytes(6) + b"\x10")
    assert not bench.get(CR) & ENABLE
    bench.control(CCM | HEADER | direction | ENABLE)
    bench.put(b"\0\x10" + aad)
    bench.control(CCM | PAYLOAD | direction | ENABLE)
    assert bench.run(cipher if direction else plain) == (plain if direction else cipher)
    bench.control(CCM | FINAL | direction | ENABLE)
    bench.put(b"\x06" + nonce + bytes(7))
    assert bench.take()[:6].hex() == "1fc64fbfaccd"


def test_output_by_dma() -> None:
    bench = Bench()
    dma = Stm32Dma(bench.services, "dma2")
    bench.unit.out_dma.connect(dma, 0)
    bench.services.sysbus.windows.append((0x48021000, bench.unit))
    for offset, value in ((0x14, 8), (0x18, 0x4802100C), (0x1C, 0x24000000), (0x10, 2 << 13 | 2 << 11 | 1 << 10 | 1)):
        dma.write(offset, 4, value)
    bench.control(ECB | ENABLE)
    bench.put(TEXT)
    assert bench.get(SR) & 8
    bench.set(DMACR, 3)
    memory = bench.services.sysbus.read_bytes(0x24000000, 32)
    expected = Aes(KEY).encrypt(TEXT[:16]) + Aes(KEY).encrypt(TEXT[16:])
    assert b"".join(memory[place : place + 4][::-1] for place in range(0, 32, 4)) == expected
    assert bench.get(SR) == 3


@pytest.mark.parametrize("mode", [0, 1 << 3, 1 << 19 | 2 << 3])
def test_what_is_not_modelled_is_refused(mode: int, caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    bench.control(mode | ENABLE)
    assert not bench.get(CR) & ENABLE and "not modelled" in caplog.text
    bench.unit.reset()
    assert bench.get(SR) == 3


def test_description() -> None:
    machine = Machine()
    load_repl_string(
        machine,
        """
nvic: IRQControllers.NVIC @ sysbus 0xE000E000
dmamux1: Miscellaneous.STM32_DMAMUX @ sysbus 0x40020800
    numberOfOutputRequestChannels: 16
    numberOfRequestGeneratorChannels: 8
crypto: Miscellaneous.Crypto.STM32H7_CRYPTO @ sysbus 0x48021000
    -> nvic@79
    OutDMA -> dmamux1@77
""",
    )
    assert isinstance(machine.device("crypto"), Stm32H7Crypto)
