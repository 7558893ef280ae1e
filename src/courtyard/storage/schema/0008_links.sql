-- Public links.
select 1;
