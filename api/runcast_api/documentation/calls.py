"""The table of all calls, from which routes and documentation come."""

from runcast_api.documentation.account_calls import ACCOUNT_CALLS
from runcast_api.documentation.credential_calls import CREDENTIAL_CALLS
from runcast_api.documentation.execution_calls import CALLBACK_CALLS, EXECUTION_CALLS
from runcast_api.documentation.member_calls import MEMBER_CALLS
from runcast_api.documentation.session_calls import SESSION_CALLS
from runcast_api.documentation.statistics_calls import STATISTICS_CALLS

CALLS = (
    *ACCOUNT_CALLS,
    *SESSION_CALLS,
    *MEMBER_CALLS,
    *CREDENTIAL_CALLS,
    *EXECUTION_CALLS,
    *STATISTICS_CALLS,
    *CALLBACK_CALLS,
)
