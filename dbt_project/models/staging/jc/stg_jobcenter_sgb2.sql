-- Persons in benefit units (SGB II)
-- written by `python -m warehouse.catalogue.staging` from warehouse/catalogue/sources
with

listed as (
    select * from {{ source('raw', 'jobcenter_sgb2') }}
)

select
    period,
    reference_date,
    quartier,
    origin,
    age_group,
    sex,
    persons,
    persons_status,
    beneficiaries,
    beneficiaries_status,
    employable,
    employable_status,
    non_employable,
    non_employable_status,
    _delivery_id,
    _row
from listed
