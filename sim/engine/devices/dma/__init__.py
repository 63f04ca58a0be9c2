"""DMA controllers and the multiplexer before them."""
