"""openid: signing in with an outside provider, as its client (OpenID Connect Core 1.0)."""
