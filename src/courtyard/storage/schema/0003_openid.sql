-- OpenID Connect: keys that sign what applications are told of people, and people known to outside providers.

-- `sealed` is the private key, encrypted with the installation's key; `shown` its public half as a JWK. A key signs from
-- `starts_at` until another one does. `before_id` names the key before it ('' for the first): of two processes that make
-- a successor at once, one does.
create table signing_key (
    number {number},
    id {text} not null unique,
    before_id {text} not null unique,
    sealed {bytes} not null,
    shown {text} not null,
    created_at bigint not null,
    starts_at bigint not null
);

-- When the person behind a grant proved who they are: told with each `id_token`, also after a refresh.
alter table credential add column authenticated_at bigint;
alter table device_code add column authenticated_at bigint;

-- `provider` of a link is the issuer. What the person knows the link by, and when it was used last.
alter table provider_link add column id {text};
alter table provider_link add column email {text};
alter table provider_link add column used_at bigint;
create unique index provider_link_id on provider_link (id);
