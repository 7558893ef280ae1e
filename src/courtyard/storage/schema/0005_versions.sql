-- Versions of artifacts: aliases, and what the past looked like.
select 1;
