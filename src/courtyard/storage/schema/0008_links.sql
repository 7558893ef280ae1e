-- Public links: whoever has one may see an artifact without an account. The secret itself is nowhere; `views` counts those
-- who saw the page, `downloads` the downloads that were begun, each once.
create table public_link (
    number {number},
    id {text} not null unique,
    space_id {text} not null,
    artifact_id {text} not null references artifact (id) on delete cascade,
    token_hash {bytes} not null unique,
    last4 {text} not null,
    name {text} not null,
    password_hash {text},
    preview_only bigint not null,
    expires_at bigint,
    max_downloads bigint,
    views bigint not null default 0,
    downloads bigint not null default 0,
    last_viewed_at bigint,
    last_downloaded_at bigint,
    created_by {text} references person (id) on delete set null,
    created_at bigint not null,
    updated_at bigint not null
);
create index public_link_artifact on public_link (artifact_id, id);
create index public_link_space on public_link (space_id, id);
create index public_link_creator on public_link (created_by);
