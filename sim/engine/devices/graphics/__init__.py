"""Display controller and two-dimensional DMA."""
