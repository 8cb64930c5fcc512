"""Every frame and answer of the wire as a type, one module per channel.

Pure. Must not know how frames are made: the encoders write text by hand for speed, and the tests
decode all that they write with these types, which refuse any field that is not described here.
Docstrings and descriptions are published at /developers/.
"""
