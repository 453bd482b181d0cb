-- Naturalisation procedures
-- written by `python -m warehouse.catalogue.staging` from warehouse/catalogue/sources
with

listed as (
    select * from {{ source('raw', 'abh_naturalisations') }}
)

select
    period,
    year,
    case_id,
    application_date,
    decision_date,
    decision,
    legal_basis,
    citizenship,
    sex,
    birth_month,
    _delivery_id,
    _row
from listed
