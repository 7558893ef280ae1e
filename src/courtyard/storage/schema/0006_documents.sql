-- Documents that are being generated, and what jobs found out about artifacts.

-- The source stays in the store until the document is done; `terms` say what is to be made of it.
create table generation (
    artifact_id {text} primary key references artifact (id) on delete cascade,
    source_key {text} not null unique,
    source_size bigint not null,
    source_sha256 {text} not null,
    terms {text} not null,
    created_at bigint not null,
    ended_at bigint
);
create index generation_ended on generation (ended_at);

-- Pages, and the size of an image in pixels or of a page in points, of the version that was looked at.
create table artifact_look (
    artifact_id {text} primary key references artifact (id) on delete cascade,
    version bigint not null,
    pages bigint,
    width bigint,
    height bigint
);

-- Pictures of the version that was drawn last, `width` pixels wide at most.
create table preview (
    artifact_id {text} not null references artifact (id) on delete cascade,
    version bigint not null,
    width bigint not null,
    blob_key {text} not null unique,
    size bigint not null,
    sha256 {text} not null,
    primary key (artifact_id, width)
);
-- The version of which there are pictures.
alter table artifact add column previewed bigint;
