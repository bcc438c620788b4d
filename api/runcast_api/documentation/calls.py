"""The table of all calls, from which routes and documentation come."""

from runcast_api.documentation.account_calls import ACCOUNT_CALLS
from runcast_api.documentation.credential_calls import CREDENTIAL_CALLS
from runcast_api.documentation.execution_calls import CALLBACK_CALLS, EXECUTION_CALLS

CALLS = (*ACCOUNT_CALLS, *CREDENTIAL_CALLS, *EXECUTION_CALLS, *CALLBACK_CALLS)
