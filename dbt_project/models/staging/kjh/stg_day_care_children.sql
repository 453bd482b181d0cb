-- Children in day care by origin and language
-- written by `python -m warehouse.catalogue.staging` from warehouse/catalogue/sources
with

listed as (
    select * from {{ source('raw', 'day_care_children') }}
)

select
    period,
    reference_date,
    facility,
    quartier,
    age,
    sex,
    parent_foreign_origin,
    family_language,
    children,
    _delivery_id,
    _row
from listed
