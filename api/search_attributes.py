"""What a run is found by in Temporal, from its start on."""

from temporalio.common import SearchAttributeKey

MERGE_ID = SearchAttributeKey.for_keyword("MergeId")
DATABASE_ID = SearchAttributeKey.for_keyword("DatabaseId")
