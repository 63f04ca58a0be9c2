"""What goes wrong with a board on purpose: faults by name, and the moment each sets in (``injector.inject``)."""
