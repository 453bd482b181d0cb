{#- How far a value is from another one: points of rates, per cent of counts and amounts, as the unit of the row demands. -#}
{% macro change(value, other) -%}
    case
        when change_measure = 'difference'
            then cast(cast({{ value }} as decimal(24, 6)) - cast({{ other }} as decimal(24, 6)) as double)
        when {{ other }} <> 0 then 100 * ({{ value }} / {{ other }} - 1)
    end
{%- endmacro %}
