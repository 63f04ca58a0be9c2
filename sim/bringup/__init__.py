"""First boots: any firmware on any board, watched, with every UART shown."""
