-- Area of the Quartiere
-- written by `python -m warehouse.catalogue.staging` from warehouse/catalogue/sources
with

listed as (
    select * from {{ source('raw', 'quartier_size') }}
)

select
    period,
    year,
    quartier,
    area_km2,
    _delivery_id,
    _row
from listed
