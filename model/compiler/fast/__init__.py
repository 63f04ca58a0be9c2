"""The fast path on a Cortex-M7: kernels generated as assembly, one function a shape.

``choice`` decides layer by layer; ``pointwise``, ``convolution`` and ``depthwise`` describe the calls and order the
weights; ``tile``, ``rows`` and ``widen`` write the functions, from the instructions of ``assembly`` in the order of
``schedule``; ``requantize`` and ``scaling_code`` are the arithmetic at the end of every sum. docs/kernels.md tells why.
"""
