/**
 * Meta's error codes of messaging: title and documented HTTP status (Cloud API error codes page). A client
 * must decide on the code, never on these two.
 */
const CODES: Record<number, [http: number, title: string]> = {
  0: [401, 'AuthException'],
  1: [400, 'API Unknown'],
  2: [503, 'API Service'],
  3: [500, 'API Method'],
  4: [400, 'API Too Many Calls'],
  10: [403, 'API Permission Denied'],
  33: [400, 'Parameter value is not valid'],
  100: [400, 'Invalid parameter'],
  190: [401, 'Access token has expired'],
  200: [403, 'API Permission'],
  368: [403, 'Temporarily blocked for policies violations'],
  613: [429, 'Calls to this API have exceeded the rate limit'],
  2046: [400, 'Invalid order status transition'],
  2047: [400, 'Order can not be canceled'],
  2200: [400, 'Callback verification failed'],
  2500: [400, 'Unknown path components'],
  80007: [400, 'Rate limit issues'],
  130429: [400, 'Rate limit hit'],
  130472: [400, "User's number is part of an experiment"],
  130497: [403, 'Business account is restricted from messaging users in this country'],
  131000: [500, 'Something went wrong'],
  131005: [403, 'Access denied'],
  131008: [400, 'Required parameter is missing'],
  131009: [400, 'Parameter value is not valid'],
  131016: [500, 'Service unavailable'],
  131021: [400, 'Recipient cannot be sender'],
  131026: [400, 'Message undeliverable'],
  131030: [400, 'Recipient phone number not in allowed list'],
  131031: [403, 'Account has been locked'],
  131037: [400, 'WhatsApp provided number needs display name approval before message can be sent'],
  131042: [400, 'Business eligibility payment issue'],
  131044: [400, 'Business eligibility payment issue'],
  131045: [500, 'Incorrect certificate'],
  131047: [400, 'Re-engagement message'],
  131048: [400, 'Spam rate limit hit'],
  131049: [400, 'This message was not delivered to maintain healthy ecosystem engagement'],
  131050: [400, 'User has stopped receiving marketing messages from this business'],
  131051: [400, 'Unsupported message type'],
  131052: [400, 'Media download error'],
  131053: [400, 'Media upload error'],
  131055: [400, 'Method not allowed'],
  131056: [400, '(Business Account, Consumer Account) pair rate limit hit'],
  131057: [500, 'Account in maintenance mode'],
  131060: [400, 'This message is not available'],
  131062: [400, 'Business-scoped user ID recipients are not supported for this message'],
  131063: [400, 'Marketing messages are disabled on this API'],
  131064: [400, 'Template classification limit reached'],
  132000: [400, 'Template Param Count Mismatch'],
  132001: [404, 'Template does not exist'],
  132005: [400, 'Template Hydrated Text Too Long'],
  132007: [400, 'Template Format Character Policy Violated'],
  132012: [400, 'Template Parameter Format Mismatch'],
  132015: [400, 'Template is Paused'],
  132016: [400, 'Template is Disabled'],
  132018: [400, 'Template validation failed'],
  132068: [400, 'Flow is blocked'],
  132069: [400, 'Flow is throttled'],
  133000: [500, 'Incomplete Deregistration'],
  133004: [503, 'Server Temporarily Unavailable'],
  133005: [400, 'Two step verification PIN Mismatch'],
  133006: [400, 'Phone number re-verification needed'],
  133008: [400, 'Too Many two step verification PIN Guesses'],
  133009: [400, 'Two step verification PIN Guessed Too Fast'],
  133010: [400, 'Phone number Not Registered'],
  133015: [400, 'Please wait a few minutes before attempting to register this phone number'],
  133016: [400, 'Account register deregister rate limit exceeded'],
  134011: [400, 'WhatsApp Payments terms of service has not been accepted'],
  134100: [400, 'Only marketing messages supported'],
  134101: [400, 'Template syncing'],
  134102: [500, 'Template unavailable'],
  135000: [400, 'Generic user error'],
  137000: [400, 'Identity key hash mismatch'],
  138000: [400, 'Calling not enabled'],
  138001: [400, 'Receiver uncallable'],
  138006: [400, 'No approved call permission'],
  139100: [400, 'Failed to block or unblock some users'],
  139101: [400, 'Blocked users list is full'],
  139102: [400, 'Blocked users list changed'],
  139103: [400, 'Blocked users internal error'],
  139200: [400, 'Direct Send access blocked'],
  2388040: [400, 'Message template "components" param exceeds the character limit'],
  2494100: [400, 'The business number is in maintenance mode'],
  2593107: [400, 'Synchronization request limit exceeded'],
  2593108: [400, 'Synchronization request made outside of the allowed time window'],
};

/**
 * Whether a number can be one of Meta's codes: general ones are below 1000, messaging's are 130000 to 139999,
 * and there may be newer ones than the table has.
 */
export function isMetaCode(code: number): boolean {
  return CODES[code] !== undefined || code < 1000 || (code >= 130_000 && code < 140_000);
}

export function titleOf(code: number): string {
  return entry(code)[1];
}

export function httpOf(code: number): number {
  return entry(code)[0];
}

function entry(code: number): [number, string] {
  const known = CODES[code];
  if (known !== undefined) return known;
  // 200 to 299 are permissions, all alike.
  if (code > 200 && code < 300) return CODES[200]!;
  return [400, 'Something went wrong'];
}
