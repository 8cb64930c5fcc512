"""The files that pages load: compressed once per build, and served while pages need them."""
