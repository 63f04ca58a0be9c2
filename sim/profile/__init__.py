"""What a profile says: cycles by function, line and layer, call stacks, interrupts, stacks and memory."""
