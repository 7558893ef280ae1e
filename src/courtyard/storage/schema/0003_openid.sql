-- OpenID Connect: signing keys, and people known to outside providers.
select 1;
