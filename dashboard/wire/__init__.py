"""The grammar of the wire, version 1: all that readers and the server say to each other.

- registry: numbers and names: channels, limits, errors, close codes
- commands: what readers send; query: the same in the address of an HTTP request
- positions: `epoch:seq`, as readers see it
- frames: what the server sends of the market; personal: of one user's own rows
- schemas: every frame and answer as a type, for the reference and the tests

Pure. Must not know who reads, or when.
"""
