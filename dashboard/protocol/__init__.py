"""The grammar of the wire explained: AsyncAPI, the reference, its pages."""
