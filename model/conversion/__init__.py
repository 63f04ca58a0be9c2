"""From what a model was trained with to an int8 .tflite, and from a .tflite to C and WebAssembly."""
