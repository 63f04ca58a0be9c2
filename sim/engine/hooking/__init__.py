"""Hooks, steps, watchpoints and rules of the bus: looking into a machine, and stepping in, without costing it time."""
