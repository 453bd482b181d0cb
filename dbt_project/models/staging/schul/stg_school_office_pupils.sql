-- Pupils by school and characteristics
-- written by `python -m warehouse.catalogue.staging` from warehouse/catalogue/sources
with

listed as (
    select * from {{ source('raw', 'school_office_pupils') }}
)

select
    period,
    school_year,
    school,
    school_form,
    grade,
    origin,
    family_language,
    immigration_history,
    sex,
    quartier,
    pupils,
    pupils_status,
    repeating,
    repeating_status,
    initial_support,
    initial_support_status,
    all_day,
    all_day_status,
    _delivery_id,
    _row
from listed
