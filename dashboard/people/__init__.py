"""Users: who they are and what they may see.

- access: what a user may see of the market, as a value
- identity: who sends a request, by session or token, and whether that still holds
- tokens: the texts of programs' tokens; token_service: the only writer of their rows
- session_service: browsers that are signed in; selectors: who may see what
- former_keys: the account that asks for a page, also by a session of a former key
- shared_lookups: questions to the database that come together; upload_rights: who may import
- forms: what users send to pages; accounts: sign-up and failed sign-ins
- forgotten_password: links by e-mail; reset_tokens: the tokens in them
- account_deletion: accounts with all that belongs to them; superusers: somebody must be one
- shared_cache: what all processes count together; cache_service: the only writer of its rows
"""
