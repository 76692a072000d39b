"""The demo catalogue of a first start: generated clips in every state of a video."""
