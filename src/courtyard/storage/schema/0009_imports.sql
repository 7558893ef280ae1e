-- Spaces that were sent as a ZIP and are still to be made. The row goes with its end; of one that failed it stays a day.

create table space_import (
    id {text} primary key,
    job_id {text} not null unique references job (id) on delete cascade,
    blob_key {text} not null unique,
    size bigint not null,
    sha256 {text} not null,
    person_id {text} not null references person (id) on delete cascade,
    administrator bigint not null,
    organization_id {text} not null references organization (id) on delete cascade,
    name {text},
    visibility {text} not null,
    members bigint not null,
    created_at bigint not null
);
create index space_import_person on space_import (person_id);
create index space_import_organization on space_import (organization_id);
