"""A network as a page: the generated C as WebAssembly, and what leads a picture into it."""
