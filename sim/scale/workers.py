"""Units of work on processes of this machine, or on a Dask cluster.

Whoever dies on the way, its units are done again by others. A unit's result is handed over once, in whatever order the
units end.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import itertools
import multiprocessing
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from sim.errors import CrosscamError, shown

Unit = TypeVar("Unit")
Result = TypeVar("Result")
Numbered = tuple[int, Unit]
LONGEST = 1800.0
"""Seconds of wall time in which some unit has to end."""
_DEATHS = 3
"""Times in a row that workers may die without a unit done in between: then it is the work they die of."""
_SECONDS_TO_ANSWER = 60
_AHEAD = 2  # units a worker that are under way or ready


def on_processes(
    job: Callable[[Unit], Result], units: Iterable[Numbered[Unit]], workers: int, take: Callable[[int, Result], object]
) -> None:
    """Run ``job`` on every unit in ``workers`` processes; ``take`` gets each number and result.

    Raises:
        CrosscamError: workers die again and again, or nothing comes for ``LONGEST``; what ``job`` raises.
    """
    waiting = iter(units)
    lost: list[Numbered[Unit]] = []
    deaths = 0

    def taken(number: int, result: Result) -> None:
        nonlocal deaths
        deaths = 0
        take(number, result)

    context = multiprocessing.get_context("spawn")  # a fork of a process with threads may hang
    others = set(multiprocessing.active_children())
    while True:
        running: dict[Future[Result], Numbered[Unit]] = {}
        try:
            with concurrent.futures.ProcessPoolExecutor(workers, context) as pool:
                try:
                    _drain(pool, job, itertools.chain(lost, waiting), running, _AHEAD * workers, taken)
                except BaseException:  # leaving the pool would wait for what is still under way
                    for worker in set(multiprocessing.active_children()) - others:
                        worker.kill()
                    raise
            return
        except BrokenProcessPool:
            deaths += 1
            lost = list(running.values())
            if deaths == _DEATHS:
                numbers = ", ".join(str(number) for number, _ in lost[:4])
                raise CrosscamError(
                    f"workers died {deaths} times in a row at units {numbers}; is there memory for {workers} of them? "
                    "--workers 1 needs least"
                ) from None


def on_dask(
    job: Callable[[Unit], Result],
    units: Iterable[Numbered[Unit]],
    address: str | None,
    workers: int,
    take: Callable[[int, Result], object],
) -> None:
    """As ``on_processes``, on the Dask scheduler at ``address`` (``tcp://host:8786``); None: one of this machine, with
    ``workers`` workers.

    Raises:
        CrosscamError: Dask is not installed, nobody answers at ``address``; else as ``on_processes``.
    """
    try:
        import distributed
    except ImportError:
        raise CrosscamError("--dask: Dask is not installed; expected it: `pip install 'crosscam[scale]'`") from None
    dask: Any = distributed
    with contextlib.ExitStack() as cleanup:
        if address is None:
            local = {"n_workers": workers, "threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": None}
            cluster = cleanup.enter_context(dask.LocalCluster(**local))
        try:
            client = cleanup.enter_context(
                dask.Client(cluster if address is None else address, timeout=_SECONDS_TO_ANSWER)
            )
            client.wait_for_workers(1, timeout=_SECONDS_TO_ANSWER)
        except (OSError, ValueError, TimeoutError) as error:
            raise CrosscamError(f"--dask {address}: {shown(error, 100)}; expected a scheduler with a worker") from error
        workers = max(1, len(client.nthreads()))
        try:
            with client.get_executor(pure=False, retries=0) as executor:
                _drain(executor, job, units, {}, _AHEAD * workers, take)
        except dask.KilledWorker as error:
            raise CrosscamError(f"--dask: workers died of a unit again and again: {shown(error, 120)}") from error


def _drain(
    executor: Executor,
    job: Callable[[Unit], Result],
    units: Iterable[Numbered[Unit]],
    running: dict[Future[Result], Numbered[Unit]],
    most: int,
    take: Callable[[int, Result], object],
) -> None:
    """All units, at most ``most`` at once; ``running``: what was begun and not taken yet."""
    waiting = iter(units)
    while True:
        for unit in itertools.islice(waiting, most - len(running)):
            running[executor.submit(job, unit[1])] = unit
        if not running:
            return
        done, _ = concurrent.futures.wait(running, LONGEST, concurrent.futures.FIRST_COMPLETED)
        if not done:
            for future in running:
                future.cancel()
            raise CrosscamError(f"no unit was done in {LONGEST:.0f} s; smaller units (--unit) or more workers may help")
        for future in done:
            result = future.result()
            take(running.pop(future)[0], result)
