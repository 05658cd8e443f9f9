import type { ColumnType, Generated } from 'kysely';

/** The tables as Kysely sees them. The hot statements are SQL text and do not go through here. */
export interface Tables {
  settings: { name: string; value: string };
  workspaces: {
    id: string;
    name: string;
    signing_key: Buffer;
    signing_public: Buffer;
    unconfirmed_policy: Generated<'resend' | 'fail'>;
    created_at: Date;
    valid_for_s: number | null;
    unconfirmed_deadline_s: number | null;
  };
  api_keys: {
    id: string;
    workspace_id: string;
    name: string;
    hash: Buffer;
    hint: string;
    scopes: string[];
    created_at: Date;
    revoked_at: Date | null;
  };
  senders: {
    id: string;
    workspace_id: string;
    phone_number: string;
    phone_number_id: string;
    waba_id: string;
    access_token: Buffer;
    app_secret: Buffer;
    verify_token: Buffer | null;
    display_name: string | null;
    throughput: Generated<number>;
    app_id: string | null;
    graph_url: string | null;
    created_at: Date;
    updated_at: Date;
    quality_rating: string | null;
    messaging_limit: string | null;
    account_status: string | null;
    profile_id: string | null;
    two_step_pin: Buffer | null;
  };
  webhook_endpoints: {
    id: string;
    workspace_id: string;
    url: string;
    failover_url: string | null;
    dialect: string;
    events: string[];
    mask: number;
    secret: Buffer | null;
    enabled: Generated<boolean>;
    created_at: Date;
    only_senders: string[] | null;
    origin: string | null;
    description: string | null;
    properties: string | null;
    updated_at: Date | null;
    stopped_at: Date | null;
    stopped_reason: string | null;
    previous_secret: Buffer | null;
    previous_secret_until: Date | null;
  };
  templates: {
    id: string;
    workspace_id: string;
    waba_id: string;
    meta_id: string;
    name: string;
    language: string;
    category: string;
    status: string;
    quality: string | null;
    named: Generated<boolean>;
    components: unknown[];
    ttl_seconds: number | null;
    rejected_reason: string | null;
    created_at: Date;
    updated_at: Date;
    gone_at: Date | null;
  };
  template_accounts: {
    workspace_id: string;
    waba_id: string;
    tried_at: Date;
    synced_at: Date | null;
    error: string | null;
  };
  lanes: {
    sender_id: string;
    node_id: string | null;
    epoch: ColumnType<string, number | undefined, number>;
    lease_until: Generated<Date>;
    held_until: Date | null;
    hold_code: string | null;
    hold_detail: string | null;
    probe_at: Date | null;
    probes: Generated<number>;
  };
  nodes: { id: string; seen_at: Date };
  idempotency_keys: {
    workspace_id: string;
    route: string;
    key: string;
    body_hash: Buffer;
    answer: string;
    created_at: Date;
  };
  /** `hash`: 64 bits, as a decimal number. */
  doubtful_requests: { hash: string; at: Date };
  receipts_due: { message_id: string; ttl_s: number; due_at: Date };
  accepting_nodes: { id: string; seen_at: Date };
  pairs: {
    sender_id: string;
    recipient: string;
    priority: number;
    tat: Date;
    head: string | null;
    followed: Generated<boolean>;
  };
  portfolios: { workspace_id: string; waba_id: string; used: Generated<number>; asked_at: Date | null };
  portfolio_people: { workspace_id: string; waba_id: string; recipient: string; counted_at: Date };
  /** `seq`: a bigint, which pg gives as text. */
  portfolio_waiting: {
    workspace_id: string;
    waba_id: string;
    priority: number;
    seq: string;
    message_id: string;
    recipient: string;
    valid_until: Date | null;
  };
  recipients: {
    workspace_id: string;
    recipient: string;
    phone: string | null;
    wa_id: string | null;
    user_id: string | null;
    parent_user_id: string | null;
    username: string | null;
    name: string | null;
    updated_at: Date;
  };
  recipient_aliases: { workspace_id: string; alias: string; recipient: string; learnt_at: Date };
  consents: {
    workspace_id: string;
    recipient: string;
    channel: string;
    reason: number;
    active: boolean;
    customer: string;
    source: string;
    note: string | null;
    at: Date;
    id: string;
  };
  consent_changes: {
    id: string;
    workspace_id: string;
    recipient: string;
    channel: string;
    reason: number;
    active: boolean;
    customer: string;
    source: string;
    note: string | null;
    at: Date;
  };
  consent_settings: {
    workspace_id: string;
    opt_outs: Generated<'marketing' | 'all' | 'none'>;
    block_list: Generated<boolean>;
    words: Generated<string>;
    updated_at: Date;
  };
  contacts: {
    id: string;
    workspace_id: string;
    phone: string;
    recipient: string;
    email: string | null;
    nickname: string | null;
    country_code: string | null;
    owner_email: string | null;
    tags: string[];
    attributes: string;
    source_type: string | null;
    source_id: string | null;
    source_url: string | null;
    created_at: Date;
    updated_at: Date;
  };
  windows: { sender_id: string; recipient: string; opened_at: Date; last_message_at: Date | null };
  sender_webhooks: { sender_id: string; first_at: Date; last_at: Date };
  notices: {
    id: string;
    workspace_id: string;
    waba_id: string | null;
    sender_id: string | null;
    kind: number;
    field: string;
    event: string | null;
    value: string;
    at: Date;
    received_at: Date;
  };
  messaging_profiles: {
    id: string;
    workspace_id: string;
    name: string;
    enabled: Generated<boolean>;
    webhook_url: string | null;
    webhook_failover_url: string | null;
    whitelisted_destinations: string[];
    settings: Generated<string>;
    created_at: Date;
    updated_at: Date;
  };
  waba_settings: {
    workspace_id: string;
    waba_id: string;
    name: string | null;
    timezone: string | null;
    webhook_url: string | null;
    webhook_failover_url: string | null;
    webhook_enabled: Generated<boolean>;
    webhook_events: Generated<string[]>;
    updated_at: Date;
  };
  meta_facts: { workspace_id: string; meta_id: string; facts: string; read_at: Date };
  signup_webhooks: {
    workspace_id: string;
    webhook_url: string | null;
    webhook_failover_url: string | null;
    created_at: Date;
    updated_at: Date;
  };
  messages: MessagesTable;
  timeline: { message_id: string; at: Date; step: string; attempt: number; detail: string | null };
  reports: {
    id: string;
    message_id: string | null;
    notice_id: string | null;
    workspace_id: string;
    endpoint_id: string | null;
    dialect: string;
    kind: number;
    occurred_at: Date;
    url: string;
    failover_url: string | null;
    state: Generated<number>;
    attempt: Generated<number>;
    run_at: Date;
    finished_at: Date | null;
    lane: string | null;
    base: Generated<number>;
  };
  waiting_reports: { lane: string; due_at: Date; report_id: string };
  report_lanes: {
    lane: string;
    endpoint_id: string | null;
    failing_since: Date;
    last_failed_at: Date;
    failures: number;
    paused_until: Date | null;
  };
  report_attempts: {
    report_id: string;
    attempt: number;
    at: Date;
    duration_ms: number;
    url: string;
    http_status: number | null;
    error: string | null;
    answer: string | null;
  };
  journal: { id: string; received_at: Date; body: Buffer; sender_ids: string[]; state: Generated<number> };
  inbox_failures: {
    journal_id: string;
    item: number;
    tries: number;
    error: string;
    set_aside: Generated<boolean>;
    next_at: Date;
  };
  /** `position`, `complete_after`: bigints, which pg gives as text. */
  event_streams: {
    workspace_id: string;
    active: boolean;
    seen_at: Date;
    position: Generated<string>;
    complete_after: Generated<string>;
  };
  event_log: {
    seq: Generated<string>;
    workspace_id: string;
    position: string | null;
    logged_at: Date;
    ids: string[];
    kinds: number[];
    times: Date[];
  };
  parked_statuses: { sender_id: string; wamid: string; status: string; fact: string; parked_at: Date };
  media: MediaTable;
  media_at_meta: {
    media_id: string;
    phone_number_id: string;
    meta_id: string;
    uploaded_at: Date;
  };
  unowned_files: { storage_key: string; since: Date };
}

export interface MediaTable {
  id: string;
  workspace_id: string;
  origin: 'upload' | 'inbound';
  name: string | null;
  sender_id: string | null;
  meta_id: string | null;
  mime_type: string;
  /** A bigint, which pg gives as text. */
  size: ColumnType<string | null, number | null, number | null>;
  sha256: Buffer | null;
  filename: string | null;
  state: 'pending' | 'stored' | 'failed' | 'expired';
  error: string | null;
  storage_key: string | null;
  created_at: Date;
  updated_at: Date;
  expires_at: Date | null;
}

export interface MessagesTable {
  id: string;
  seq: Generated<string>;
  workspace_id: string;
  sender_id: string;
  direction: Generated<number>;
  dialect: string | null;
  recipient: string;
  kind: string;
  content: string;
  status: number;
  priority: Generated<number>;
  attempt: Generated<number>;
  tries: Generated<number>;
  resends: Generated<number>;
  report_mask: Generated<number>;
  parked: string | null;
  run_at: Date | null;
  lease_until: Date | null;
  wamid: string | null;
  callback_data: string | null;
  webhook_url: string | null;
  webhook_failover_url: string | null;
  failure: string | null;
  pricing: string | null;
  created_at: Date;
  sending_at: Date | null;
  accepted_at: Date | null;
  sent_at: Date | null;
  delivered_at: Date | null;
  read_at: Date | null;
  ended_at: Date | null;
  valid_until: Date | null;
  template_id: string | null;
  played_at: Date | null;
  deleted_at: Date | null;
  person: string | null;
  unconfirmed_policy: 'resend' | 'fail' | null;
  unconfirmed_ms: number | null;
  request_hash: string | null;
  node_id: string | null;
  consents: Generated<number>;
  direct: Generated<boolean>;
}
