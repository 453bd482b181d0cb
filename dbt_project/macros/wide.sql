{#-
    The computed indicators of one Handlungsfeld side by side: one row per area and period, one column per indicator.
    Holds the figures that are not broken down; indicators that exist only broken down have no column.
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
        select distinct indicators.indicator_id
        from {{ source('catalogue', 'indicator') }} as indicators
        inner join {{ source('catalogue', 'indicator_term') }} as terms on indicators.indicator_id = terms.indicator_id
        where
            indicators.handlungsfeld = '{{ handlungsfeld }}'
            and terms.role = 'numerator' and terms.term_no = 1 and not terms.each_origin
        order by indicators.indicator_id
    {%- endset -%}
    {{ return(run_query(query).columns[0].values() | list) }}
{%- endmacro %}
