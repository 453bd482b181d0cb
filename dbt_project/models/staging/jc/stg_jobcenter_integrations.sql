-- Integrations into work (SGB II)
-- written by `python -m warehouse.catalogue.staging` from warehouse/catalogue/sources
with

listed as (
    select * from {{ source('raw', 'jobcenter_integrations') }}
)

select
    period,
    year,
    sex,
    origin,
    integrations,
    integrations_status,
    _delivery_id,
    _row
from listed
