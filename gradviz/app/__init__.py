"""The program: session, windows and command line; the only layer that knows all others."""
