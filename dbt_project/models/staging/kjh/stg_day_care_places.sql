-- Places in day care
-- written by `python -m warehouse.catalogue.staging` from warehouse/catalogue/sources
with

listed as (
    select * from {{ source('raw', 'day_care_places') }}
)

select
    period,
    reference_date,
    facility,
    quartier,
    age_band,
    places,
    _delivery_id,
    _row
from listed
