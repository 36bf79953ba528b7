"""The feature browser: a static site, opened from disk or any web server, with a page for every feature and neuron."""
