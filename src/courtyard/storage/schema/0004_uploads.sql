-- Resumable uploads, and what a space may hold.
select 1;
