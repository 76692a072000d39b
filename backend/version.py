"""The version of the console, for the description of its API, for its metrics, and for packages."""

VERSION = "0.1.0"
