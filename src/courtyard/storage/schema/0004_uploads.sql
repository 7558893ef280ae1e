-- What a space may hold and holds, and resumable uploads.

-- `received` bytes are durable in the stage (an upload of the blob store). Whoever adds to it holds the lease and its fence.
-- open: bytes are missing; full: all are there, the artifact is not; finished: it is; failed: the bytes are not the promised
-- ones; joined: this part went into another upload.
create table upload (
    number {number},
    id {text} not null unique,
    space_id {text} not null references space (id) on delete cascade,
    kind {text} not null check (kind in ('whole', 'partial', 'final')),
    state {text} not null check (state in ('open', 'full', 'finished', 'failed', 'joined')),
    stage {text} unique,
    blob_key {text} unique,
    length bigint,
    received bigint not null,
    reserved bigint not null,
    said {text} not null,
    joins {text} not null,
    joined_in {text},
    facts {text} not null,
    sha256 {text},
    fence bigint not null default 0,
    lease_until bigint,
    artifact_id {text} references artifact (id) on delete set null,
    created_by {text} references person (id) on delete set null,
    created_at bigint not null,
    expires_at bigint not null
);
create index upload_space on upload (space_id);
create index upload_expiry on upload (expires_at);
create index upload_artifact on upload (artifact_id) where artifact_id is not null;
create index upload_creator on upload (created_by);

-- One row: the limits of every space, as the settings say; 0 is no limit.
create table quota (
    id bigint primary key check (id = 1),
    bytes bigint not null,
    artifacts bigint not null
);
insert into quota (id, bytes, artifacts) values (1, 0, 0);

-- Kept in the transaction of every change: what is stored (each version is one, the trash counts), and what is promised to
-- uploads that are under way. Made last, so that whoever deletes a space comes to it last, as everybody does.
create table space_usage (
    space_id {text} primary key references space (id) on delete cascade,
    bytes bigint not null,
    artifacts bigint not null,
    reserved_bytes bigint not null default 0,
    reserved_artifacts bigint not null default 0
);
insert into space_usage (space_id, bytes, artifacts)
    select space_id, cast(sum(size) as bigint), count(*) from artifact group by space_id;
