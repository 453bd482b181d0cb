-- Stock of residents from the population register
-- written by `python -m warehouse.catalogue.staging` from warehouse/catalogue/sources
with

listed as (
    select * from {{ source('raw', 'register_stock') }}
)

select
    period,
    reference_date,
    pseudonym,
    quartier,
    birth_month,
    sex,
    family_status,
    citizenship_1,
    citizenship_2,
    citizenship_3,
    german_citizenship_kind,
    birth_state,
    origin_state,
    arrival_date,
    residence,
    household,
    household_role,
    _delivery_id,
    _row
from listed
