"""What a model file says of itself: .tflite, Keras, SavedModel, ONNX. Nothing of it is run."""
