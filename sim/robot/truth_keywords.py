"""Keywords about board truth: what a board would have got wrong. The engine's own; Renode has nothing like it."""

from __future__ import annotations

from sim.robot.session import Keywords, Replay, renode_keyword


class TruthKeywords(Keywords):
    """They look at the present machine."""

    @renode_keyword("No Board Findings Should Exist", Replay.NEVER)
    def no_board_findings_should_exist(self) -> None:
        """Fails with every finding there is: stale cache lines, DMA out of reach, unaligned device accesses, writes to
        peripherals without a clock. Also fails on a board whose chip is not described, since nothing was looked for."""
        findings = self._findings()
        if findings:
            raise AssertionError("board findings:\n" + "\n".join(findings))

    @renode_keyword("Board Findings", Replay.NEVER)
    def board_findings(self) -> list[str]:
        """All findings, one text each: kind, what, address, by which instruction, at which cycle."""
        return self._findings()

    def _findings(self) -> list[str]:
        truth = self.session.machine.truth
        if truth is None:
            raise AssertionError(
                "board truth does not know this machine's chip: expected an RCC at the address one of "
                "sim/engine/truth/chips/*.toml gives"
            )
        return [str(finding) for finding in truth.findings]
