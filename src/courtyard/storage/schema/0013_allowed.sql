-- Who let in the application that made a key: its person, also where the key is an organization's.
alter table credential add column allowed_by {text} references person (id) on delete cascade;
update credential set allowed_by = (select min(m.person_id) from credential m where m.family = credential.family
    and m.kind in ('access', 'refresh')) where kind = 'key' and family is not null;
create index credential_allowed on credential (allowed_by) where allowed_by is not null;

-- An application whose scopes become fewer ends what can do more; without this every credential would be looked at.
create index credential_application on credential (application_id) where application_id is not null;
