{#-
    The computed indicators of one Handlungsfeld side by side: one row per area and period, one column per indicator.
    Holds the figures that are not broken down; the column of an indicator that exists only broken down stays empty.
-#}
{% macro wide(handlungsfeld) -%}
    {%- set indicators = indicator_ids(handlungsfeld) if execute else [] -%}
with

headlines as (
    select * from {{ ref('int_indicator_computed') }}
    where is_headline
),

indicators as (
    select * from {{ source('catalogue', 'indicator') }}
    where handlungsfeld = '{{ handlungsfeld }}'
)

select
    headlines.area_code,
    headlines.period
    {%- for indicator_id in indicators %},
    max_by(headlines.value, headlines.population_base)
        filter (where headlines.indicator_id = '{{ indicator_id }}') as "{{ indicator_id }}"
    {%- endfor %}
from headlines
inner join indicators on headlines.indicator_id = indicators.indicator_id
group by headlines.area_code, headlines.period
order by headlines.area_code, headlines.period
{%- endmacro %}

{% macro indicator_ids(handlungsfeld) -%}
    {%- set query -%}
        select indicator_id
        from {{ source('catalogue', 'indicator') }}
        where handlungsfeld = '{{ handlungsfeld }}' and status = 'computed'
        order by indicator_id
    {%- endset -%}
    {{ return(run_query(query).columns[0].values() | list) }}
{%- endmacro %}
