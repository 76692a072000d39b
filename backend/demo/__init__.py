"""The demo catalogue of a first start: clips made on the spot, brought to every state a video can be in."""
