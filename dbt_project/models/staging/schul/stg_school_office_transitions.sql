-- Transitions from primary school with recommendation
-- written by `python -m warehouse.catalogue.staging` from warehouse/catalogue/sources
with

listed as (
    select * from {{ source('raw', 'school_office_transitions') }}
)

select
    period,
    school_year,
    school,
    quartier,
    origin,
    recommendation,
    target_form,
    pupils,
    pupils_status,
    _delivery_id,
    _row
from listed
