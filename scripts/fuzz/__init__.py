"""Every parser of the project under mutation: ``python -m scripts.fuzz``, those of ``sim.fuzz`` among them."""
