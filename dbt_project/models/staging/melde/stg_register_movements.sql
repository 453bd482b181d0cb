-- Movements in the population register
-- written by `python -m warehouse.catalogue.staging` from warehouse/catalogue/sources
with

listed as (
    select * from {{ source('raw', 'register_movements') }}
)

select
    period,
    year,
    kind,
    event_date,
    quartier,
    quartier_from,
    counterpart,
    state,
    sex,
    birth_month,
    citizenship_1,
    mother_citizenship,
    father_citizenship,
    _delivery_id,
    _row
from listed
