"""Power, semaphores and the shape of the address space."""
