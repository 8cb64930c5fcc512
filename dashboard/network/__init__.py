"""Where browsers reach this site, and who really sends a request that came through a proxy.

- origins: the public origins of this site; hops: the client behind trusted proxies; both pure
- trusted_proxies: what every request passes first, on every server
"""
