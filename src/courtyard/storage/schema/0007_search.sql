-- Search.
select 1;
