-- Whether somebody was invited and has never claimed the account: it stays so while the account is closed.
alter table person add column unclaimed bigint not null default 0;
update person set unclaimed = 1 where state = 'invited' or (state = 'disabled' and password_hash is null
    and email_verified_at is null and not exists (select 1 from passkey k where k.person_id = person.id)
    and not exists (select 1 from provider_link l where l.person_id = person.id)
    and exists (select 1 from event e where e.object_id = person.id and e.space_id is null and e.action = 'person.invited'));
