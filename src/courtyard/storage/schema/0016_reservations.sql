-- Room that is kept for the body of one request while it comes in; whoever takes it in prolongs the lease.
-- The row goes in the transaction of the artifact; the room of one whose lease is over is given back.
create table reservation (
    id {text} primary key,
    space_id {text} not null references space (id) on delete cascade,
    size bigint not null,
    lease_until bigint not null
);
create index reservation_space on reservation (space_id);
create index reservation_lease on reservation (lease_until);

-- An import has no space until its end: by this index it is in the list of whoever asked for it.
create index job_import on job (created_by, id) where kind = 'import' and space_id is null;
