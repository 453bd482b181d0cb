-- Benefit units by type (SGB II)
-- written by `python -m warehouse.catalogue.staging` from warehouse/catalogue/sources
with

listed as (
    select * from {{ source('raw', 'jobcenter_benefit_units') }}
)

select
    period,
    reference_date,
    quartier,
    household_type,
    benefit_units,
    benefit_units_status,
    _delivery_id,
    _row
from listed
