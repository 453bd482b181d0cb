-- School leavers by certificate
-- written by `python -m warehouse.catalogue.staging` from warehouse/catalogue/sources
with

listed as (
    select * from {{ source('raw', 'school_office_leavers') }}
)

select
    period,
    school_year,
    school_form,
    origin,
    sex,
    certificate,
    leavers,
    leavers_status,
    _delivery_id,
    _row
from listed
