"""The wire explained to people and to programs, at /developers/.

- texts: the sentences about each channel, command, parameter and status
- examples: one example of every frame and command, made by the real encoders
- asyncapi: both of them and the schemas as one AsyncAPI document, for programs
- tables: the same document as the tables of the reference page, for people
- pages: the two addresses
"""
