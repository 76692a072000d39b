"""Every text that people are shown, in English and Chinese."""
