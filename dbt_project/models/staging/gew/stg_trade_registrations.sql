-- Business registrations and deregistrations
-- written by `python -m warehouse.catalogue.staging` from warehouse/catalogue/sources
with

listed as (
    select * from {{ source('raw', 'trade_registrations') }}
)

select
    period,
    year,
    kind,
    section,
    legal_form,
    nationality,
    quartier,
    cases,
    _delivery_id,
    _row
from listed
