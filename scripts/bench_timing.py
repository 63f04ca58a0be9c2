"""The micro-kernels of the cortex-m7 and cortex-m4 clocks against their rules, as a table (docs/timing.md has it).

python -m scripts.bench_timing [--markdown]
"""

from __future__ import annotations

import argparse

from sim.bench.timing_kernels import load_kernels, measure


def main() -> int:
    """Print the table; 1 when a kernel is off its rule by more than a tenth of a cycle."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--markdown", action="store_true", help="as a Markdown table")
    markdown = parser.parse_args().markdown
    outcomes = measure(load_kernels())
    if markdown:
        print("| kernel | rule | source | rule's cycles | model |\n|---|---|---|---|---|")
    for outcome in outcomes:
        kernel = outcome.kernel
        if markdown:
            print(f"| {kernel.name} | {kernel.rule} | {kernel.source} | {kernel.cycles:g} | {outcome.cycles:.2f} |")
        else:
            mark = " " if outcome.holds else "!"
            print(f"{mark} {kernel.name:28} {kernel.cycles:7g} {outcome.cycles:8.2f}   {kernel.rule}")
    off = [outcome.kernel.name for outcome in outcomes if not outcome.holds]
    if not markdown:
        print(
            f"{len(outcomes) - len(off)} of {len(outcomes)} within 0.1 cycle{': not ' + ', '.join(off) if off else ''}"
        )
    return 1 if off else 0


if __name__ == "__main__":
    raise SystemExit(main())
