"""Validates SIMD kernels against their contracts, at every vector length and on every core they claim."""

__version__ = "0.1.0"
