"""Lists of records: one row per person, event, case or counted group, landed once as typed columns.

``forms`` recognises a list and reads it as text, ``fields`` says what may stand in a column, ``landing`` writes the Parquet
file, ``checks`` tests it as a whole and against other deliveries, ``proposal`` serves inspection. Nothing here counts or
derives: that is SQL's work.
"""

from warehouse.deliveries.records.checks import check_against as check_against
from warehouse.deliveries.records.forms import ListFile as ListFile
from warehouse.deliveries.records.forms import headers as headers
from warehouse.deliveries.records.forms import recognise as recognise
from warehouse.deliveries.records.landing import fingerprint as fingerprint
from warehouse.deliveries.records.landing import land as land
