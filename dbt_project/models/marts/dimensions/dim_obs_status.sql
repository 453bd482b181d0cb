{{ config(alias='obs_status') }}

with

statuses as (
    select * from {{ ref('obs_status_code') }}
)

select
    code,
    precedence,
    has_value,
    name_de,
    name_en,
    meaning_de,
    meaning_en
from statuses
order by precedence
