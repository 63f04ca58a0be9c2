"""Keywords about board truth: what a board would have got wrong. The engine's own; Renode has nothing like it."""

from __future__ import annotations

from sim.engine.truth import BoardTruth, Finding, Kind
from sim.robot.session import Keywords, Replay, renode_keyword


class TruthKeywords(Keywords):
    """They look at the present machine."""

    @renode_keyword("No Board Findings Should Exist", Replay.NEVER)
    def no_board_findings_should_exist(self) -> None:
        """Fails with every finding there is: data the cache and other bus masters see differently, DMA out of reach,
        unaligned device accesses, peripherals and memories without a clock, a flash read too fast. Also fails on a
        board whose chip is not described, since nothing was looked for."""
        findings = self._findings()
        if findings:
            raise AssertionError("board findings:\n" + "\n".join(map(str, findings)))

    @renode_keyword("Board Findings", Replay.NEVER)
    def board_findings(self) -> list[str]:
        """All findings, one text each: kind, what, address and variable, by which instruction, at which cycle, how
        often."""
        return [str(finding) for finding in self._findings()]

    @renode_keyword("Board Finding Should Exist", Replay.NEVER)
    def board_finding_should_exist(self, kind: str, symbol: str | None = None, master: str | None = None) -> str:
        """The text of the first finding of ``kind``: its words as a finding begins with, or its name (STALE_READ ..).

        ``symbol``: the variable it is about (with or without ``+0x..``), ``master``: who did it, such as ``dma2 stream
        0``. Fails with what there is when none fits."""
        wanted = _kind(kind)
        findings = self._findings()
        for finding in findings:
            if finding.kind is wanted and _is_about(finding, symbol) and master in (None, finding.master):
                return str(finding)
        conditions = "".join(
            f", {name} {value}" for name, value in (("symbol", symbol), ("master", master)) if value is not None
        )
        there = "\n".join(map(str, findings)) or "none at all"
        raise AssertionError(f'no board finding of kind "{wanted.value}"{conditions}; there is:\n{there}')

    def _findings(self) -> list[Finding]:
        truth = BoardTruth.of(self.session.machine)
        if truth is None:
            raise AssertionError(
                "board truth does not know this machine's chip: expected a board with one of those in "
                "sim/engine/truth/chips (by its IDCODE, the names of its files, or its memories)"
            )
        return truth.findings


def _kind(text: str) -> Kind:
    for kind in Kind:
        if text.strip().lower() in (kind.value.lower(), kind.name.lower()):
            return kind
    raise AssertionError(f'no kind of board finding "{text[:60]}"; there are: {", ".join(kind.value for kind in Kind)}')


def _is_about(finding: Finding, symbol: str | None) -> bool:
    return symbol is None or symbol in (finding.symbol, finding.symbol.partition("+")[0])
