-- Extract of the central register of foreign nationals
-- written by `python -m warehouse.catalogue.staging` from warehouse/catalogue/sources
with

listed as (
    select * from {{ source('raw', 'abh_azr') }}
)

select
    period,
    reference_date,
    pseudonym,
    birth_month,
    sex,
    citizenship_1,
    citizenship_2,
    land,
    first_entry,
    kreis,
    residence_title,
    protection_status,
    _delivery_id,
    _row
from listed
