"""OAuth 2: applications, what people let them do, and the tokens that come of it."""
