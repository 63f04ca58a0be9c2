"""GPIO ports, and what leads from pins to interrupts."""
