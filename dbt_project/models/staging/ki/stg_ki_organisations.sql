-- List of migrant organisations
-- written by `python -m warehouse.catalogue.staging` from warehouse/catalogue/sources
with

listed as (
    select * from {{ source('raw', 'ki_organisations') }}
)

select
    period,
    year,
    organisation,
    kind,
    _delivery_id,
    _row
from listed
