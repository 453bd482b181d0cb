{{ config(alias='period') }}

with

measures as (
    select * from {{ ref('fct_measure') }}
)

select distinct
    period,
    period_kind,
    period_start,
    period_end,
    reporting_year
from measures
order by period
