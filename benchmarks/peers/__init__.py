"""The servers that Runcast is measured beside, each as its own documentation starts it."""
