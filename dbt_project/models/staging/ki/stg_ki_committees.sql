-- Committees and networks of integration work
-- written by `python -m warehouse.catalogue.staging` from warehouse/catalogue/sources
with

listed as (
    select * from {{ source('raw', 'ki_committees') }}
)

select
    period,
    year,
    body,
    lead,
    members,
    rhythm,
    open_to_guests,
    minutes,
    topics,
    aim,
    _delivery_id,
    _row
from listed
